import { invalid, PostaError } from "../../errors/posta-error.js";
import type { IncomingBytes, IncomingShare } from "../../rpc/incoming-bytes.js";

/** A flag and the length of the message, in bytes. */
const headBytes = 5;
/** What a message that comes in parts gets room for at first. The room doubles while the message grows. */
const firstRoom = 16 << 10;
/** A unary call's message that came whole and is no longer than this is not counted: the call itself takes more. */
const maxUncounted = 4 << 10;

const nothing = Buffer.alloc(0);

/** What a call's messages may be. */
export interface FrameLimits {
  readonly incoming: IncomingBytes;
  /** Of one message, as it comes. */
  readonly maxMessageBytes: number;
  /** Whether more than one message may come. */
  readonly isStream: boolean;
}

/**
 * Takes a call's bytes apart into messages, each with its head, one at a time: thousands may come together, and each takes
 * many times its bytes. The reader holds the message that is not complete, in a buffer of its own: a small part of what came
 * over a socket would hold the whole of that. The message of a unary call counts until its release.
 */
export class FrameReader {
  /** What has come and has not been taken apart. */
  private rest: Buffer = nothing;
  private room: Buffer | undefined;
  private filled = 0;
  private messages = 0;
  /** Of the message that is not complete. */
  private share: IncomingShare | undefined;

  /** `drop` ends the call when others need the room of its message. */
  constructor(
    private readonly limits: FrameLimits,
    private readonly drop: (error: PostaError) => void,
  ) {}

  /** Whether a message has begun that is not complete. */
  get isWithinMessage(): boolean {
    return this.room !== undefined;
  }

  /**
   * The first message that is complete with these bytes. The bytes behind it are kept for the next call, which may come
   * without any; undefined: there is no message yet. Throws a PostaError for a head that is wrong, or a budget that is used up.
   */
  read(data: Buffer): Buffer | undefined {
    if (data.length > 0) this.rest = this.rest.length > 0 ? Buffer.concat([this.rest, data]) : data;
    let message: Buffer | undefined;
    while (this.rest.length > 0 && !message) message = this.room ? this.continue(this.room) : this.begin();
    if (message && !this.limits.isStream && this.rest.length > 0) throw secondMessage();
    return message;
  }

  /** Gives back what is held, but for the bytes that have not been taken apart. */
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

  /** How long a message is with its head. Each message's head is read once, but for one that comes in parts. */
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
