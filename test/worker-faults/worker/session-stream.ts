import type { ClientDuplexStream } from "@grpc/grpc-js";
import { leaseMs } from "./job.js";
import { steadyNow } from "./ledger.js";

/** A server that has not answered the hello after this time is dead: a sixth of the lease, or a second for a busy machine. */
const welcomeMs = Math.max(leaseMs / 6, 1000);
/** So many heartbeats without a pong: the stream is dead. */
const maxUnanswered = 3;
/** How long reports that are on their way may be answered on the stream of a server that stops, in milliseconds. */
const leaveMs = 500;

// biome-ignore lint/suspicious/noExplicitAny: messages of every kind; each place that reads one knows its shape.
export type Message = any;

/** One stream of a session worker. It sees to heartbeats, and gives a stream up whose server is silent. */
export class SessionStream {
  /** On the steady clock. */
  readonly askedAt = steadyNow();
  isWelcome = false;
  /** The last `assign` that came. */
  sequence = 0;
  private unanswered = 0;
  /** Waits for the welcome, and then sends heartbeats. */
  private timer = setTimeout(() => this.giveUp(), welcomeMs);

  constructor(
    private readonly stream: ClientDuplexStream<object, Message>,
    private readonly hear: (message: Message) => void,
  ) {
    stream.on("error", () => {});
    stream.on("data", (message) => this.take(message));
  }

  /** Resolves when the stream has ended, or its server is about to stop. */
  run(hello: object): Promise<void> {
    const { stream } = this;
    return new Promise((resolve) => {
      stream.on("status", () => {
        clearTimeout(this.timer);
        resolve();
      });
      stream.on("data", ({ message }) => {
        if (message !== "leave") return;
        setTimeout(() => this.end(), leaveMs);
        resolve();
      });
      stream.write({ hello });
    });
  }

  /** Says something, if the server has welcomed the worker. */
  say(message: object): void {
    if (this.isWelcome && !this.stream.writableEnded) this.stream.write(message);
  }

  /** Acknowledges all jobs that have come. */
  beat(): void {
    this.say({ heartbeat: { ackSequence: this.sequence } });
  }

  end(): void {
    this.stream.end();
  }

  cancel(): void {
    this.stream.cancel();
  }

  /** Reads nothing until it is called with false. */
  turnDeaf(isDeaf: boolean): void {
    if (isDeaf) this.stream.pause();
    else this.stream.resume();
  }

  private take(message: Message): void {
    if (message.message === "welcome") this.begin(message.welcome.heartbeatInterval);
    if (message.message === "pong") this.unanswered = 0;
    this.hear(message);
  }

  private begin({ seconds, nanos }: { seconds: number; nanos: number }): void {
    this.isWelcome = true;
    clearTimeout(this.timer);
    this.timer = setInterval(() => this.beatOrGiveUp(), seconds * 1000 + nanos / 1e6);
  }

  /** Counted, not timed: after the worker was blocked, answers may wait to be read. */
  private beatOrGiveUp(): void {
    if (this.unanswered >= maxUnanswered) this.giveUp();
    this.unanswered += 1;
    this.beat();
  }

  private giveUp(): void {
    clearTimeout(this.timer);
    this.cancel();
  }
}
