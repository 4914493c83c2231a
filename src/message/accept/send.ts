import { V7Generator } from "uuidv7";
import type { GroupCommit } from "../../batching/group-commit.js";
import { PendingCall } from "../../batching/pending-call.js";
import { PostaError, toPostaError } from "../../errors/posta-error.js";
import { type MessageRequest, type MessageSpec, parseMessage } from "../content/message.js";
import type { RecordStatus } from "../record/status.js";
import type { TakenCounts } from "./accept-metrics.js";
import type { Caller, Entry, Stored } from "./store-messages.js";

export interface SendLimits {
  senders: readonly string[];
  maxPendingMessages: number;
  maxPendingBytes: number;
}

/** A message, or why the request that brought it has none. */
export type Incoming = MessageRequest | PostaError;

/** What became of a message. */
export type SendResult = Stored;

/** Whose messages they are. */
export interface SendCaller extends Caller {
  /** Throws forbidden. */
  requireSender(sender: string): void;
  maySendFrom(sender: string): boolean;
}

/** Takes messages: checks them, gives them ids, and hands them to the group commit that writes them. */
export class MessageSender {
  private readonly ids = new V7Generator();
  private pendingMessages = 0;
  private pendingBytes = 0;
  private idle: (() => void) | undefined;

  constructor(
    private readonly commit: GroupCommit<Entry, Stored>,
    private readonly limits: SendLimits,
    private readonly counts: TakenCounts,
    /** Throws unavailable if PostgreSQL is known to be down. */
    private readonly requireStore: () => void,
    private readonly record: RecordStatus,
  ) {}

  /**
   * Takes messages in order; answers a result for each, in which one bad message fails alone. Throws exhausted, and takes
   * none, if too many are under way.
   */
  send(messages: Incoming[], caller: SendCaller, pathOf = messagePath): Promise<SendResult[]> {
    return new Promise((resolve) => {
      this.requireStore();
      this.requireRoom();
      const call = new PendingCall<SendResult>(messages.length, (results) => {
        this.release(call);
        resolve(results);
      });
      this.pendingMessages += messages.length;
      const now = Date.now();
      for (const [index, incoming] of messages.entries()) {
        const settle = (result: SendResult) => {
          this.counts.count(result);
          call.settle(index, result instanceof PostaError ? result.within(pathOf(index)) : result);
        };
        const spec = this.parse(incoming, caller, now);
        if (spec instanceof PostaError) settle(spec);
        else void this.store(spec, caller, call).then(settle);
      }
    });
  }

  /** How many are under way. */
  get pending(): number {
    return this.pendingMessages;
  }

  /** Resolves when every message that was taken has been written, or could not be. */
  async drain(): Promise<void> {
    if (this.pendingMessages === 0) return;
    await new Promise<void>((resolve) => {
      this.idle = resolve;
    });
  }

  private parse(incoming: Incoming, caller: SendCaller, now: number): MessageSpec | PostaError {
    if (incoming instanceof PostaError) return incoming;
    try {
      // First: whether there is such a number is not for everybody to know.
      if (incoming.from !== "") caller.requireSender(incoming.from);
      const spec = parseMessage(incoming, this.limits.senders, now);
      if (!caller.maySendFrom(spec.sender)) throw noDefaultSender();
      return spec;
    } catch (error) {
      return toPostaError(error);
    }
  }

  /** What is wrong is in the result, not thrown. */
  private async store(spec: MessageSpec, caller: Caller, call: PendingCall<SendResult>): Promise<SendResult> {
    call.bytes += spec.bodyBytes;
    this.pendingBytes += spec.bodyBytes;
    const id = this.ids.generate().toString();
    try {
      const stored = await this.commit.push({ id, spec, caller });
      if (!(stored instanceof PostaError) && stored.outcome === "stored") this.tell(id, spec);
      return stored;
    } catch (error) {
      return toPostaError(error);
    }
  }

  private tell(messageId: string, { sender, recipient, type }: MessageSpec): void {
    this.record([{ messageId, status: "queued", sender, recipient, type, timeMs: Date.now() }]);
  }

  private release(call: PendingCall<SendResult>): void {
    this.pendingMessages -= call.size;
    this.pendingBytes -= call.bytes;
    if (this.pendingMessages === 0) this.idle?.();
  }

  private requireRoom(): void {
    const { maxPendingMessages, maxPendingBytes } = this.limits;
    if (this.pendingMessages < maxPendingMessages && this.pendingBytes < maxPendingBytes) return;
    throw new PostaError("exhausted", "too many messages are on their way to the database; nothing was done", {
      retryAfterMs: 250,
    });
  }
}

/** It does not name the number. */
function noDefaultSender(): PostaError {
  const problem = "is required: this caller may not use the number that messages go from by default";
  return new PostaError("forbidden", `from: ${problem}`, { field: "from" });
}

function messagePath(index: number): string {
  return `messages[${index}]`;
}
