import { randomInt } from "node:crypto";
import { describe, expect, it } from "vitest";
import { FrameReader } from "../../../src/grpc/incoming/frame-reader.js";
import { IncomingBytes } from "../../../src/rpc/incoming-bytes.js";
import { frame } from "../../support/wire-call.js";

const maxMessageBytes = 100_000;

/** What one call of `hold` counts beside its bytes. */
const overhead = 256;

/** All messages that are complete with these bytes. */
function readAll(reader: FrameReader, data: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let message = reader.read(data); message; message = reader.read(Buffer.alloc(0))) messages.push(message);
  return messages;
}

function createReader(maxBytes: number, isStream = true) {
  const incoming = new IncomingBytes({ maxBytes, patienceMs: 60_000 });
  const drop = () => {
    throw new Error("nothing may be dropped that has begun just now");
  };
  return { incoming, reader: new FrameReader({ incoming, maxMessageBytes, isStream }, drop) };
}

/** Throws unless there is room for so many bytes, the overhead among them. */
function requireRoom(incoming: IncomingBytes, bytes: number): void {
  const share = incoming.begin(() => {});
  try {
    share.hold(bytes - overhead);
  } finally {
    share.release();
  }
}

describe("a frame reader", () => {
  it("gives the same messages however the bytes are cut, and holds nothing between messages", () => {
    for (let round = 0; round < 300; round += 1) {
      const sizes = Array.from(
        { length: 5 },
        () => [0, 1, randomInt(40), randomInt(maxMessageBytes)][randomInt(4)] ?? 0,
      );
      const frames = sizes.map((size) => frame(Buffer.alloc(size, size), { compressed: size % 2 === 1 }));
      const { incoming, reader } = createReader(1 << 20);
      const bytes = Buffer.concat(frames);
      const most = [3, 100, 16_384, bytes.length][round % 4] as number;
      const messages: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) {
        const length = 1 + randomInt(most);
        messages.push(...readAll(reader, bytes.subarray(at, at + length)));
        at += length;
      }
      expect(messages.map((message) => message.equals(frames[messages.indexOf(message)] as Buffer))).not.toContain(
        false,
      );
      expect(messages).toHaveLength(frames.length);
      expect(reader.isWithinMessage).toBe(false);
      requireRoom(incoming, 1 << 20);
    }
  });

  it("takes of the budget what it holds, and gives that back", () => {
    const { incoming, reader } = createReader(40_000);
    reader.read(frame(Buffer.alloc(30_000), { length: 90_000 }));
    expect(reader.isWithinMessage).toBe(true);
    expect(() => requireRoom(incoming, 20_000)).toThrow(/over 40000 bytes/);
    reader.release();
    requireRoom(incoming, 40_000);
  });

  it.each([
    ["whole", 30_005],
    ["in parts", 1000],
  ])("holds the message of a unary call that came %s until it is released", (_, step) => {
    const { incoming, reader } = createReader(40_000, false);
    const bytes = frame(Buffer.alloc(30_000));
    const messages: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += step) messages.push(...readAll(reader, bytes.subarray(at, at + step)));
    expect(messages.map((message) => message.equals(bytes))).toEqual([true]);
    expect(reader.isWithinMessage).toBe(false);
    expect(() => requireRoom(incoming, 10_000)).toThrow(/over 40000 bytes/);
    reader.release();
    requireRoom(incoming, 40_000);
    expect(() => reader.read(Buffer.alloc(5))).toThrow(/a second message/);
  });

  it("takes a message apart when it is asked for, and not those behind it", () => {
    const { reader } = createReader(40_000);
    const [good, bad] = [frame(Buffer.from("good")), Buffer.from([9, 0, 0, 0, 0])];
    expect(reader.read(Buffer.concat([good, bad]))).toEqual(good);
    expect(() => reader.read(Buffer.alloc(0))).toThrow(/flag is 9/);
  });

  it("takes no more than is there: a head alone reserves nothing of its length", () => {
    const { incoming, reader } = createReader(40_000);
    reader.read(frame(Buffer.alloc(0), { length: 90_000 }));
    expect(() => requireRoom(incoming, 40_000 - (16 << 10) - overhead)).not.toThrow();
  });

  it.each([
    [
      "a message that is too long",
      frame(Buffer.alloc(0), { length: maxMessageBytes + 1 }),
      "exhausted",
      /100001 bytes, over 100000/,
    ],
    ["a flag that there is not", Buffer.from([2, 0, 0, 0, 0]), "invalid", /flag is 2/],
  ])("refuses %s", (_, bytes, code, message) => {
    const { reader } = createReader(1 << 20);
    expect(() => reader.read(bytes)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
    const inParts = createReader(1 << 20).reader;
    expect(() => [...bytes].map((byte) => inParts.read(Buffer.from([byte])))).toThrow(message);
  });
});
