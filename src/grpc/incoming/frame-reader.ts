import { invalid, PostaError } from "../../errors/posta-error.js";
import type { IncomingBytes, IncomingShare } from "../../rpc/incoming-bytes.js";

/** A flag and the length of the message, in bytes. */
const headBytes = 5;
/** First buffer size, in bytes, of a message that arrives in parts. The buffer doubles while the message grows. */
const firstRoom = 16 << 10;
/** A unary message up to this many bytes is not counted if it arrives whole: the call itself takes more memory. */
const maxUncounted = 4 << 10;

const nothing = Buffer.alloc(0);

/** Limits of a call's messages. */
export interface FrameLimits {
  readonly incoming: IncomingBytes;
  /** Largest size of one message as it arrives, before it is inflated. */
  readonly maxMessageBytes: number;
  /** Whether more than one message may come. */
  readonly isStream: boolean;
}

/**
 * Splits a call's bytes into messages, each with its head, one at a time. Thousands of messages may arrive together,
 * and each takes many times its bytes when decoded. An incomplete message has a buffer of its own, because a small
 * slice of a socket's chunk would keep the whole chunk in memory. A unary call's message counts in the budget until
 * `release`.
 */
export class FrameReader {
  /** Bytes that have arrived and are not split into messages yet. */
  private rest: Buffer = nothing;
  private room: Buffer | undefined;
  private filled = 0;
  private messages = 0;
  /** Budget share of the message that `room` holds, or of a unary call's complete message until its release. */
  private share: IncomingShare | undefined;

  /** `drop` ends the call when other requests need its share of the budget. */
  constructor(
    private readonly limits: FrameLimits,
    private readonly drop: (error: PostaError) => void,
  ) {}

  /** Whether a message has begun and is not complete. */
  get isWithinMessage(): boolean {
    return this.room !== undefined;
  }

  /**
   * Adds these bytes, and answers the first complete message; undefined: no message is complete yet. The bytes after
   * that message wait for the next call, which may bring no bytes of its own. Throws a PostaError if the head is wrong
   * or the budget is used up.
   */
  read(data: Buffer): Buffer | undefined {
    if (data.length > 0) this.rest = this.rest.length > 0 ? Buffer.concat([this.rest, data]) : data;
    let message: Buffer | undefined;
    while (this.rest.length > 0 && !message) message = this.room ? this.continue(this.room) : this.begin();
    if (message && !this.limits.isStream && this.rest.length > 0) throw secondMessage();
    return message;
  }

  /** Drops the held message and gives its bytes back to the budget. Bytes that are not split into messages stay. */
  release(): void {
    this.share?.release();
    this.share = undefined;
    this.room = undefined;
    this.filled = 0;
  }

  private begin(): Buffer | undefined {
    const { rest, limits } = this;
    const size = rest.length < headBytes ? undefined : this.readSize(rest);
    if (size !== undefined && size <= rest.length) {
      this.rest = rest.length === size ? nothing : rest.subarray(size);
      if (!limits.isStream && size > maxUncounted) this.hold(size);
      return rest.length === size ? rest : rest.subarray(0, size);
    }
    const room = this.makeRoom(Math.min(size ?? headBytes, Math.max(firstRoom, rest.length)));
    this.filled = rest.copy(room);
    this.rest = rest.subarray(this.filled);
    return undefined;
  }

  private continue(room: Buffer): Buffer | undefined {
    const taken = this.rest.copy(room, this.filled);
    this.filled += taken;
    this.rest = this.rest.length === taken ? nothing : this.rest.subarray(taken);
    return this.filled === room.length ? this.growOrComplete(room) : undefined;
  }

  private growOrComplete(room: Buffer): Buffer | undefined {
    const size = room.length === headBytes ? this.readSize(room) : headBytes + room.readUInt32BE(1);
    if (room.length < size) {
      room.copy(this.makeRoom(Math.min(size, Math.max(2 * room.length, firstRoom))));
      return undefined;
    }
    if (this.limits.isStream) this.release();
    this.room = undefined;
    this.filled = 0;
    return room;
  }

  private makeRoom(bytes: number): Buffer {
    this.hold(bytes - (this.room?.length ?? 0));
    this.room = Buffer.allocUnsafeSlow(bytes);
    return this.room;
  }

  private hold(bytes: number): void {
    this.share ??= this.limits.incoming.begin(this.drop);
    this.share.hold(bytes);
  }

  /** Size of a message with its head, in bytes. Checks and counts the message, so it runs once for each message. */
  private readSize(head: Buffer): number {
    const { isStream, maxMessageBytes } = this.limits;
    const flag = head[0] as number;
    if (flag > 1) throw invalid("request", `the message's flag is ${flag}, neither 0 nor 1 (compressed)`);
    this.messages += 1;
    if (this.messages > 1 && !isStream) throw secondMessage();
    const length = head.readUInt32BE(1);
    if (length > maxMessageBytes)
      throw new PostaError("exhausted", `the request is ${length} bytes, over ${maxMessageBytes}`);
    return headBytes + length;
  }
}

function secondMessage(): PostaError {
  return invalid("request", "a second message came; the method takes one");
}
