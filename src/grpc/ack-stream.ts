import type { ServerDuplexStream } from "@grpc/grpc-js";
import { invalid } from "../errors.js";
import { refuseMalformed, stoppingError } from "./handlers.js";

/** A message that its acknowledgement names by its number. */
interface Numbered {
  sequence: number;
}

/** How much of a stream a message holds until it is acknowledged. */
export interface Weight {
  items: number;
  /** Of payloads that are kept until then. */
  bytes: number;
}

/** What a stream is for: how much a message is, and what becomes of it. */
export interface AckedMessages<Message extends Numbered, Ack> {
  /** Throws invalid for a message that has nothing to be acknowledged: that ends the stream. */
  weigh(message: Message): Weight;
  /** Does what the message asks for; answers its acknowledgement. */
  handle(message: Message): Promise<Ack>;
}

/** How much of one stream may be without an acknowledgement before no more is read. */
const most: Weight = { items: 2000, bytes: 1 << 20 };

/**
 * Runs a stream whose messages are acknowledged: reads while there is room, and sends what is settled in one response a
 * turn. A caller that does not read its acknowledgements stops being read itself, and so does one whose payloads wait for a
 * store: beyond what may be open a stream holds one message.
 */
export class AckStream<Message extends Numbered, Ack> {
  private acks: Ack[] = [];
  private readonly open: Weight = { items: 0, bytes: 0 };
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
    let weight: Weight;
    try {
      refuseMalformed(message);
      requireSequence(message);
      weight = this.messages.weigh(message);
    } catch (error) {
      this.finish?.(error);
      return;
    }
    this.hold(weight, 1);
    this.readOrRest();
    this.messages.handle(message).then(
      (ack) => this.settle(weight, ack),
      (error) => this.finish?.(error),
    );
  }

  private hold({ items, bytes }: Weight, sign: 1 | -1): void {
    this.open.items += sign * items;
    this.open.bytes += sign * bytes;
  }

  private settle(weight: Weight, ack: Ack): void {
    this.hold(weight, -1);
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
    const full = this.blocked || this.open.items >= most.items || this.open.bytes >= most.bytes;
    if (full && !this.stream.isPaused()) this.stream.pause();
    else if (!full && this.stream.isPaused()) this.stream.resume();
  }

  private stopReading(): void {
    this.reading = false;
    this.stream.pause();
    this.finishIfDone();
  }

  private finishIfDone(): void {
    if (!this.reading && this.open.items === 0 && this.acks.length === 0) this.finish?.();
  }
}

/** JavaScript's numbers are exact up to 2^53 - 1: beyond it the acknowledgement would name another message. */
function requireSequence({ sequence }: Numbered): void {
  if (sequence <= Number.MAX_SAFE_INTEGER) return;
  throw invalid("sequence", `${BigInt(sequence)} is over ${Number.MAX_SAFE_INTEGER}`);
}
