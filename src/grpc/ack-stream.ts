import type { ServerDuplexStream } from "@grpc/grpc-js";
import { refuseMalformed, stoppingError } from "./handlers.js";

/** What a stream is for: how many items a message has, and what becomes of them. */
export interface AckedMessages<Message, Ack> {
  weigh(message: Message): number;
  /** Does what the message asks for; answers its acknowledgement. */
  handle(message: Message): Promise<Ack>;
}

/** How many items of one stream may be without an acknowledgement before no more are read. */
const maxOpenItems = 2000;

/**
 * Runs a stream whose messages are acknowledged: reads while there is room, and sends what is settled in one response a
 * turn. A caller that does not read its acknowledgements stops being read itself, so a stream holds bounded memory.
 */
export class AckStream<Message, Ack> {
  private acks: Ack[] = [];
  private openItems = 0;
  private blocked = false;
  private reading = true;
  private flushing = false;
  private finish: ((error?: unknown) => void) | undefined;

  constructor(
    private readonly stream: ServerDuplexStream<Message, { acks?: Ack[] }>,
    private readonly messages: AckedMessages<Message, Ack>,
    private readonly closing: AbortSignal,
  ) {}

  /** Resolves when the caller has ended its side and has every acknowledgement. */
  async run(): Promise<void> {
    const { stream, closing } = this;
    const stop = () => this.stopReading();
    try {
      await new Promise<void>((resolve, reject) => {
        this.finish = (error) => (error ? reject(error) : resolve());
        stream.on("data", (message: Message) => this.accept(message));
        stream.on("end", stop);
        stream.on("cancelled", () => this.finish?.());
        stream.on("drain", () => {
          this.blocked = false;
          this.readOrRest();
        });
        closing.addEventListener("abort", stop, { once: true });
        if (closing.aborted) stop();
      });
    } finally {
      closing.removeEventListener("abort", stop);
    }
    if (closing.aborted) throw stoppingError();
  }

  private accept(message: Message): void {
    try {
      refuseMalformed(message);
    } catch (error) {
      this.finish?.(error);
      return;
    }
    const weight = Math.max(1, this.messages.weigh(message));
    this.openItems += weight;
    this.readOrRest();
    this.messages.handle(message).then(
      (ack) => this.settle(weight, ack),
      (error) => this.finish?.(error),
    );
  }

  private settle(weight: number, ack: Ack): void {
    this.openItems -= weight;
    this.acks.push(ack);
    if (this.flushing) return;
    this.flushing = true;
    // A batch settles many messages in one turn: their acknowledgements go together.
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.flushing = false;
    if (this.stream.cancelled) return;
    const { acks } = this;
    this.acks = [];
    if (!this.stream.write({ acks })) this.blocked = true;
    this.readOrRest();
    this.finishIfDone();
  }

  private readOrRest(): void {
    if (!this.reading) return;
    const full = this.blocked || this.openItems >= maxOpenItems;
    if (full && !this.stream.isPaused()) this.stream.pause();
    else if (!full && this.stream.isPaused()) this.stream.resume();
  }

  private stopReading(): void {
    this.reading = false;
    this.stream.pause();
    this.finishIfDone();
  }

  private finishIfDone(): void {
    if (!this.reading && this.openItems === 0 && this.acks.length === 0) this.finish?.();
  }
}
