import { gzipSync } from "node:zlib";
import type { Random } from "./random.js";

/** How messages of a call are framed, and what the call's headers say of it. */
export interface Framed {
  chunks: Buffer[];
  headers: Record<string, string>;
  oddity: string | undefined;
}

const prefixBytes = 5;
/** The most that the 4 bytes of a length can say. */
const mostLength = 2 ** 32 - 1;
/** What a small request may unpack to: far more than a server takes. */
const bombBytes = 64 << 20;
let bomb: Buffer | undefined;

/** A message with the prefix of gRPC. */
export function frame(message: Buffer, flag = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

/** How many messages with a prefix the bytes hold. */
export function countFrames(chunks: readonly Buffer[]): number {
  const bytes = Buffer.concat(chunks);
  let count = 0;
  for (let at = 0; at + prefixBytes <= bytes.length; count += 1) at += prefixBytes + bytes.readUInt32BE(at + 1);
  return count;
}

/** The messages as they should be sent, several in one chunk or each in several. */
export function frameWell(messages: Buffer[], random: Random): Framed {
  const frames = messages.map((message) => frame(message));
  const together = Buffer.concat(frames);
  const cut = random.below(together.length + 1);
  const chunks = random.pick([frames, [together], [together.subarray(0, cut), together.subarray(cut)]]);
  return { chunks, headers: {}, oddity: undefined };
}

/** The messages in frames that are compressed, or wrong. */
export function frameOddly(messages: Buffer[], random: Random): Framed {
  const [message = Buffer.alloc(0)] = messages;
  const oddity = random.pick(Object.keys(odd)) as keyof typeof odd;
  return { chunks: [odd[oddity](message, random)], headers: random.pick(headersOf(oddity)), oddity };
}

const odd = {
  gzip: (message: Buffer) => frame(gzipSync(message), 1),
  "gzip-broken": (message: Buffer, random: Random) => frame(breakGzip(gzipSync(message), random), 1),
  "gzip-bomb": () => frame(getBomb(), 1),
  "encoding-unknown": (message: Buffer) => frame(message, 1),
  "flag-unknown": (message: Buffer, random: Random) => frame(message, random.pick([2, 3, 128, 255])),
  "length-too-long": (message: Buffer, random: Random) =>
    frame(message, 0, Math.min(message.length + random.pick([1, 100, 4 << 20, mostLength]), mostLength)),
  "length-too-short": (message: Buffer) => frame(message, 0, Math.max(0, message.length - 1)),
  "prefix-cut": (message: Buffer, random: Random) => frame(message).subarray(0, random.below(prefixBytes)),
  "no-message": () => Buffer.alloc(0),
  "message-twice": (message: Buffer) => Buffer.concat([frame(message), frame(message)]),
  "messages-empty": () => Buffer.alloc(prefixBytes * 1000),
};

function headersOf(oddity: string): Record<string, string>[] {
  if (oddity === "encoding-unknown") {
    return ["snappy", "identity", "", "deflate"].map((encoding) => ({ "grpc-encoding": encoding }));
  }
  return oddity.startsWith("gzip") ? [{ "grpc-encoding": "gzip" }] : [{}];
}

/** Cut, changed, or followed by more. */
export function breakGzip(packed: Buffer, random: Random): Buffer {
  const changed = Buffer.from(packed);
  const at = random.below(changed.length);
  changed[at] = (changed[at] as number) ^ 0x55;
  return random.pick([changed, packed.subarray(0, at), Buffer.concat([packed, packed]), Buffer.from("not gzip")]);
}

/** Made when it is first wanted. */
export function getBomb(): Buffer {
  bomb ??= gzipSync(Buffer.alloc(bombBytes));
  return bomb;
}
