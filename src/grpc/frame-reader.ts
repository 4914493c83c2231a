import { invalid, PostaError } from "../errors.js";
import type { IncomingBytes, IncomingShare } from "../incoming-bytes.js";

/** A flag and the length of the message, in bytes. */
const headBytes = 5;
/** What a message that comes in parts gets room for at first. The room doubles while the message grows. */
const firstRoom = 16 << 10;

/** What a call's messages may be. */
export interface FrameLimits {
  readonly incoming: IncomingBytes;
  /** Of one message, as it comes. */
  readonly maxMessageBytes: number;
  /** Whether more than one message may come. */
  readonly isStream: boolean;
}

/**
 * Takes a call's bytes apart into messages, each with its head. The reader holds the message that is not complete, in a
 * buffer of its own: a small part of what came over a socket would hold the whole of that.
 */
export class FrameReader {
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

  /** The messages that are complete with these bytes. Throws a PostaError for a head that is wrong, or a budget that is used up. */
  read(data: Buffer): Buffer[] {
    const complete: Buffer[] = [];
    let rest = data;
    while (rest.length > 0) rest = this.room ? this.continue(this.room, rest, complete) : this.begin(rest, complete);
    return complete;
  }

  /** Gives back what an incomplete message holds. */
  release(): void {
    this.share?.release();
    this.share = undefined;
    this.room = undefined;
    this.filled = 0;
  }

  private begin(data: Buffer, complete: Buffer[]): Buffer {
    const size = data.length < headBytes ? undefined : this.readSize(data);
    if (size !== undefined && size <= data.length) {
      complete.push(data.subarray(0, size));
      return data.subarray(size);
    }
    const room = this.makeRoom(Math.min(size ?? headBytes, Math.max(firstRoom, data.length)));
    this.filled = data.copy(room);
    return data.subarray(this.filled);
  }

  private continue(room: Buffer, data: Buffer, complete: Buffer[]): Buffer {
    const taken = data.copy(room, this.filled);
    this.filled += taken;
    if (this.filled === room.length) this.growOrComplete(room, complete);
    return data.subarray(taken);
  }

  private growOrComplete(room: Buffer, complete: Buffer[]): void {
    const size = room.length === headBytes ? this.readSize(room) : headBytes + room.readUInt32BE(1);
    if (room.length < size) {
      room.copy(this.makeRoom(Math.min(size, Math.max(2 * room.length, firstRoom))));
      return;
    }
    this.release();
    complete.push(room);
  }

  private makeRoom(bytes: number): Buffer {
    this.share ??= this.limits.incoming.begin(this.drop);
    this.share.hold(bytes - (this.room?.length ?? 0));
    this.room = Buffer.allocUnsafeSlow(bytes);
    return this.room;
  }

  /** How long a message is with its head. Each message's head is read once, but for one that comes in parts. */
  private readSize(head: Buffer): number {
    const { isStream, maxMessageBytes } = this.limits;
    const flag = head[0] as number;
    if (flag > 1) throw invalid("request", `the message's flag is ${flag}, neither 0 nor 1 (compressed)`);
    this.messages += 1;
    if (this.messages > 1 && !isStream) throw invalid("request", "a second message came; the method takes one");
    const length = head.readUInt32BE(1);
    if (length > maxMessageBytes)
      throw new PostaError("exhausted", `the request is ${length} bytes, over ${maxMessageBytes}`);
    return headBytes + length;
  }
}
