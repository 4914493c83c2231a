import { V7Generator } from "uuidv7";
import { acceptedItems, mergeResults } from "../../batching/checked-items.js";
import type { GroupCommit } from "../../batching/group-commit.js";
import { InFlightLimit } from "../../batching/in-flight-limit.js";
import { PostaError, toPostaError } from "../../errors/posta-error.js";
import { type MessageRequest, type MessageSpec, parseMessage } from "../content/message.js";
import type { PublishStatus, StatusChange } from "../record/status.js";
import type { TakenCounts } from "./accept-metrics.js";
import type { MessageCaller, PendingMessage, Stored } from "./store-messages.js";

export interface SendLimits {
  senders: readonly string[];
  maxPendingMessages: number;
  maxPendingBytes: number;
}

/** A message of a request, or the error that kept it from being read. */
export type Incoming = MessageRequest | PostaError;

/** What became of a message. */
export type SendResult = Stored;

/** The caller whose messages are sent. */
export interface SendCaller extends MessageCaller {
  /** Throws forbidden. */
  requireSender(sender: string): void;
  maySendFrom(sender: string): boolean;
}

/** Takes messages: checks them, gives them ids, and hands them to the group commit that writes them. */
export class MessageSender {
  private readonly ids = new V7Generator();
  private readonly inFlight: InFlightLimit;

  constructor(
    private readonly commit: GroupCommit<PendingMessage, Stored>,
    private readonly limits: SendLimits,
    private readonly counts: TakenCounts,
    /** Throws unavailable if PostgreSQL is known to be down. */
    private readonly requireStore: () => void,
    private readonly publish: PublishStatus,
  ) {
    const full = "too many messages are on their way to the database; nothing was done";
    this.inFlight = new InFlightLimit({ items: limits.maxPendingMessages, bytes: limits.maxPendingBytes, full });
  }

  /**
   * Takes messages in order. Answers a result for each: one bad message fails alone. Throws exhausted, and takes none,
   * if too many are under way.
   */
  async send(messages: Incoming[], caller: SendCaller, pathOf = messagePath): Promise<SendResult[]> {
    this.requireStore();
    this.inFlight.enter(messages.length);
    const now = Date.now();
    const checked = messages.map((incoming) => this.check(incoming, caller, now));
    const accepted = acceptedItems(checked);
    const bytes = accepted.reduce((sum, { spec }) => sum + spec.bodyBytes, 0);
    this.inFlight.weigh(bytes);
    try {
      const results = mergeResults(checked, await this.store(accepted, caller));
      for (const result of results) this.counts.count(result);
      return results.map((result, index) => (result instanceof PostaError ? result.within(pathOf(index)) : result));
    } finally {
      this.inFlight.leave(messages.length, bytes);
    }
  }

  /** How many messages are under way. */
  get pending(): number {
    return this.inFlight.size;
  }

  /** Resolves when every message that was taken has been written, or has failed. */
  drain(): Promise<void> {
    return this.inFlight.untilEmpty();
  }

  /** Gives a message its id, or answers what is wrong with it. */
  private check(incoming: Incoming, caller: SendCaller, now: number): PendingMessage | PostaError {
    const spec = this.parse(incoming, caller, now);
    return spec instanceof PostaError ? spec : { id: this.ids.generate().toString(), spec, caller };
  }

  private parse(incoming: Incoming, caller: SendCaller, now: number): MessageSpec | PostaError {
    if (incoming instanceof PostaError) return incoming;
    try {
      // This check comes first: not every caller may know whether there is such a number.
      if (incoming.from !== "") caller.requireSender(incoming.from);
      const spec = parseMessage(incoming, this.limits.senders, now);
      if (!caller.maySendFrom(spec.sender)) throw noDefaultSender();
      return spec;
    } catch (error) {
      return toPostaError(error);
    }
  }

  /** Never rejects. */
  private async store(messages: PendingMessage[], caller: SendCaller): Promise<Stored[]> {
    const results = await this.commit.pushAll(messages, caller);
    const timeMs = Date.now();
    const changes = messages.filter((_, index) => isStored(results[index])).map((message) => toChange(message, timeMs));
    if (changes.length > 0) this.publish(changes);
    return results;
  }
}

function isStored(result: Stored | undefined): boolean {
  return result !== undefined && !(result instanceof PostaError) && result.outcome === "stored";
}

function toChange({ id, spec }: PendingMessage, timeMs: number): StatusChange {
  const { sender, recipient, type } = spec;
  return { messageId: id, status: "queued", sender, recipient, type, timeMs };
}

/** The error does not name the number. */
function noDefaultSender(): PostaError {
  const problem = "is required: this caller may not use the number that messages go from by default";
  return new PostaError("forbidden", `from: ${problem}`, { field: "from" });
}

function messagePath(index: number): string {
  return `messages[${index}]`;
}
