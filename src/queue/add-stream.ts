import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { StreamAck } from "../gen/posta/queue/v1/StreamAck.js";
import type { StreamAddJobsRequest__Output as Message } from "../gen/posta/queue/v1/StreamAddJobsRequest.js";
import type { StreamAddJobsResponse } from "../gen/posta/queue/v1/StreamAddJobsResponse.js";
import { refuseMalformed, stoppingError } from "../grpc/handlers.js";

/** Adds one message's jobs; answers its acknowledgement. */
export type AddMessage = (message: Message) => Promise<StreamAck>;

/** How many jobs of one stream may be without an acknowledgement before no more are read. */
const maxOpenJobs = 2000;

/**
 * Runs one stream of jobs: reads while there is room, and sends what is settled in one response a turn. A caller that
 * does not read its acknowledgements stops being read itself, so a stream holds a bounded amount of memory.
 */
export class AddStream {
  private acks: StreamAck[] = [];
  private openJobs = 0;
  private blocked = false;
  private reading = true;
  private flushing = false;
  private finish: ((error?: unknown) => void) | undefined;

  constructor(
    private readonly stream: ServerDuplexStream<Message, StreamAddJobsResponse>,
    private readonly add: AddMessage,
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
    const weight = Math.max(1, message.jobs.length);
    this.openJobs += weight;
    this.readOrRest();
    this.add(message).then(
      (ack) => this.settle(weight, ack),
      (error) => this.finish?.(error),
    );
  }

  private settle(weight: number, ack: StreamAck): void {
    this.openJobs -= weight;
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
    const full = this.blocked || this.openJobs >= maxOpenJobs;
    if (full && !this.stream.isPaused()) this.stream.pause();
    else if (!full && this.stream.isPaused()) this.stream.resume();
  }

  private stopReading(): void {
    this.reading = false;
    this.stream.pause();
    this.finishIfDone();
  }

  private finishIfDone(): void {
    if (!this.reading && this.openJobs === 0 && this.acks.length === 0) this.finish?.();
  }
}
