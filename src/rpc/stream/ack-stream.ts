import type { ServerDuplexStream } from "@grpc/grpc-js";
import { invalid } from "../../errors/posta-error.js";
import { OpenWeight, type Weight } from "./open-weight.js";
import { readOneAhead, setPaused } from "./read-ahead.js";
import { refuseMalformed, stoppingError } from "./stream-end.js";

/** A message with a number. The acknowledgement repeats the number. */
interface Numbered {
  sequence: number;
}

/** The purpose of a stream: how to weigh a message, and how to handle it. */
export interface AckedMessages<Message extends Numbered, Ack> {
  /** Throws invalid for a message with no items or too many items, which ends the stream. */
  weigh(message: Message): Weight;
  /** Handles the message, and answers its acknowledgement. */
  handle(message: Message): Promise<Ack>;
}

/** An acknowledgement, and the number of items that it settles. */
interface Settled<Ack> {
  items: number;
  ack: Ack;
}

/** A response acknowledges at most this many items, or one message. So it stays below the 4 MiB that clients accept. */
const maxResponseItems = 2000;

/**
 * Runs a stream whose messages are acknowledged. Reads while the stream is below its limits. Sends the acknowledgements
 * of one event-loop turn in one response.
 *
 * A message is open until its payload is settled and its acknowledgement has left the process. So Posta stops reading a
 * caller that does not read its acknowledgements, or whose payloads wait for a store.
 *
 * The stream fails at the first message that is no request or cannot be acknowledged. Later messages are not handled.
 * Earlier messages are acknowledged, and the error follows their acknowledgements.
 */
export class AckStream<Message extends Numbered, Ack> {
  private settled: Settled<Ack>[] = [];
  private readonly open = new OpenWeight();
  private reading = true;
  private flushing = false;
  private failure: unknown;
  private finish: (() => void) | undefined;
  /** In milliseconds since 1970. While a caller does not read, grpc-js does not report that the deadline has passed. */
  private readonly deadline: number;

  constructor(
    private readonly stream: ServerDuplexStream<Message, { acks?: Ack[] }>,
    private readonly messages: AckedMessages<Message, Ack>,
    private readonly closing: AbortSignal,
  ) {
    this.deadline = Number(stream.getDeadline());
  }

  /** Resolves when the caller has ended its side and has every acknowledgement, or when the caller is gone. */
  async run(): Promise<void> {
    const { stream, closing } = this;
    const stop = () => this.stopReading();
    readOneAhead(stream);
    try {
      await new Promise<void>((resolve) => {
        this.finish = resolve;
        stream.on("data", (message: Message) => this.accept(message));
        stream.on("end", stop);
        stream.on("cancelled", () => {
          stop();
          resolve();
        });
        closing.addEventListener("abort", stop, { once: true });
        if (closing.aborted) stop();
      });
    } finally {
      closing.removeEventListener("abort", stop);
    }
    if (this.failure !== undefined) throw this.failure;
    if (closing.aborted) throw stoppingError();
  }

  private accept(message: Message): void {
    if (!this.reading || Date.now() >= this.deadline) return;
    let weight: Weight;
    try {
      refuseMalformed(message);
      requireSequence(message);
      weight = this.messages.weigh(message);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.open.add(weight);
    this.readOrRest();
    this.messages.handle(message).then(
      (ack) => this.settle(weight, ack),
      (error) => {
        this.open.remove(weight);
        this.fail(error);
      },
    );
  }

  private settle({ items, bytes }: Weight, ack: Ack): void {
    this.open.remove({ bytes });
    this.settled.push({ items, ack });
    if (this.flushing) return;
    this.flushing = true;
    // A batch settles many messages in one event-loop turn, and their acknowledgements share a response.
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.flushing = false;
    const { settled } = this;
    this.settled = [];
    for (let next = 0; next < settled.length && !this.stream.cancelled; ) next = this.writeFrom(settled, next);
  }

  /** Writes one response with acknowledgements from index `start` on. Answers the index after the last one. */
  private writeFrom(settled: Settled<Ack>[], start: number): number {
    const acks: Ack[] = [];
    let items = 0;
    let next = start;
    for (; next < settled.length; next += 1) {
      const one = settled[next] as Settled<Ack>;
      if (acks.length > 0 && items + one.items > maxResponseItems) break;
      items += one.items;
      acks.push(one.ack);
    }
    this.stream.write({ acks }, () => {
      this.open.remove({ items });
      this.readOrRest();
      this.finishIfDone();
    });
    return next;
  }

  private readOrRest(): void {
    if (this.reading) setPaused(this.stream, this.open.isFull);
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    this.stopReading();
  }

  private stopReading(): void {
    this.reading = false;
    this.stream.pause();
    this.finishIfDone();
  }

  private finishIfDone(): void {
    if (!this.reading && this.open.isEmpty) this.finish?.();
  }
}

/** JavaScript's numbers are exact up to 2^53 - 1. Beyond that, the acknowledgement would name another message. */
function requireSequence({ sequence }: Numbered): void {
  if (sequence <= Number.MAX_SAFE_INTEGER) return;
  throw invalid("sequence", `${BigInt(sequence)} is over ${Number.MAX_SAFE_INTEGER}`);
}
