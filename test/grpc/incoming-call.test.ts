import type { ServerHttp2Stream } from "node:http2";
import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { deflateSync } from "node:zlib";
import { Metadata } from "@grpc/grpc-js";
import { BaseServerInterceptingCall } from "@grpc/grpc-js/build/src/server-interceptors.js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Incoming } from "../../src/grpc/incoming/incoming.js";
import { encodings, Inflater } from "../../src/grpc/incoming/inflate.js";
import { loadContract } from "../../src/rpc/contract/contract.js";
import { IncomingBytes } from "../../src/rpc/incoming-bytes.js";
import { createStatusMap } from "../../src/rpc/status.js";
import { refuseMalformed } from "../../src/rpc/stream/stream-end.js";
import { frame } from "../support/wire-call.js";

const statuses = createStatusMap(loadContract());

/** One call of grpc-js's, on a stream whose caller reads nothing: a status that follows an answer never leaves. */
function open({ isStream = true, encoding = "identity", messageTimeMs = 60_000, patienceMs = 0 } = {}) {
  const stream = Object.assign(new PassThrough(), { respond: () => {}, close: () => {} });
  const decoded: string[] = [];
  const deserialize = (content: Buffer) => {
    decoded.push(content.toString());
    return content.toString();
  };
  const handler = { path: "/", type: "bidi", deserialize, serialize: (text: string) => Buffer.from(text) };
  const call = new BaseServerInterceptingCall(
    stream as unknown as ServerHttp2Stream,
    { "grpc-encoding": encoding },
    null,
    handler as unknown as ConstructorParameters<typeof BaseServerInterceptingCall>[3],
    {},
  );
  const incoming = new IncomingBytes({ maxBytes: 1 << 20, patienceMs });
  const limits = {
    incoming,
    maxMessageBytes: 500_000,
    isStream,
    mustBegin: false,
    encodings,
    takesMalformed: isStream,
  };
  const guarded = new Incoming(call, limits, { statuses, inflater: new Inflater(), messageTimeMs });
  const received: unknown[] = [];
  const listener = {
    onReceiveMetadata: () => {},
    onReceiveMessage: (message: unknown) => received.push(message),
    onReceiveHalfClose: () => received.push("end"),
    onCancel: () => {},
  };
  guarded.watch(listener);
  call.start(listener);
  // PassThrough would give back what is written to it: what comes in is told by events.
  const send = (data: Buffer) => stream.emit("data", data);
  const answer = () => call.sendMetadata(new Metadata());
  return { call, stream, incoming, decoded, received, send, answer };
}

const errorIn = (message: unknown) => {
  try {
    refuseMalformed(message);
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

afterEach(() => vi.useRealTimers());

describe("messages that come together", () => {
  const tiny = Buffer.concat(Array.from({ length: 364 }, () => frame(Buffer.from("tiny"))));
  const packed = deflateSync(Buffer.alloc(16_000, "p"));
  const compressed = Buffer.concat(Array.from({ length: 364 }, () => frame(packed, { compressed: true })));

  it.each([
    ["small", "identity", tiny],
    ["compressed", "deflate", compressed],
  ])("are decoded one at a time, when they are asked for: %s", async (_, encoding, bytes) => {
    const { call, decoded, received, send } = open({ encoding });
    call.startRead();
    send(bytes);
    await expect.poll(() => received.length).toBe(1);
    for (let turns = 0; turns < 100; turns += 1) await turn();
    expect(decoded).toHaveLength(1);
    for (let next = 2; next <= 364; next += 1) {
      call.startRead();
      await expect.poll(() => received.length, { interval: 1 }).toBe(next);
      expect(decoded).toHaveLength(next);
    }
  });

  it("all come before the end", () => {
    const { call, stream, received, send } = open();
    call.startRead();
    send(Buffer.concat([frame(Buffer.from("a")), frame(Buffer.from("b"))]));
    stream.emit("end");
    call.startRead();
    call.startRead();
    expect(received).toEqual(["a", "b", "end"]);
  });
});

describe("a stream that is refused after an answer", () => {
  const whole = frame(Buffer.alloc(400_000, "x"));
  const good = frame(Buffer.from("good"));

  it("delivers nothing that comes after a wrong head", async () => {
    const { call, received, send, answer } = open();
    answer();
    call.startRead();
    send(Buffer.from([9, 0, 0, 0, 0]));
    call.startRead();
    send(good);
    await turn();
    expect(received.map(errorIn)).toEqual(["request: the message's flag is 9, neither 0 nor 1 (compressed)"]);
  });

  it("delivers no message whose room others took, and holds none", async () => {
    const { call, incoming, received, send, answer } = open();
    answer();
    call.startRead();
    send(whole.subarray(0, 300_000));
    const other = incoming.begin(() => {});
    other.hold(1_000_000);
    other.release();
    call.startRead();
    send(whole.subarray(300_000));
    await turn();
    expect(received.map(errorIn)).toEqual([expect.stringMatching(/nothing was done/)]);
  });

  it("delivers no message that is late", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { call, received, send, answer } = open({ messageTimeMs: 500 });
    answer();
    call.startRead();
    send(whole.subarray(0, 10));
    vi.advanceTimersByTime(500);
    call.startRead();
    send(whole.subarray(10));
    await turn();
    expect(received.map(errorIn)).toEqual(["request: the message is not complete after 500 ms"]);
  });

  it("is closed in the end, although its caller does not read", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { call, stream, send, answer } = open();
    const close = vi.spyOn(stream, "close");
    answer();
    call.startRead();
    send(Buffer.from([9, 0, 0, 0, 0]));
    vi.advanceTimersByTime(30_000);
    expect(close).toHaveBeenCalled();
  });
});

it("a unary call's message is not decoded before its caller ends, and counts until then", () => {
  const { call, stream, incoming, decoded, received, send } = open({ isStream: false, patienceMs: 60_000 });
  call.startRead();
  send(frame(Buffer.alloc(400_000, "x")));
  expect(decoded).toEqual([]);
  expect(() => incoming.begin(() => {}).hold(700_000)).toThrow(/on their way/);
  call.startRead();
  stream.emit("end");
  call.startRead();
  expect(received).toEqual(["x".repeat(400_000), "end"]);
});

it("a refused call leaves no timer once its stream has closed", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { call, stream, send } = open({ isStream: false });
  call.startRead();
  send(Buffer.from([9, 0, 0, 0, 0]));
  await turn();
  expect(vi.getTimerCount()).toBeGreaterThan(0);
  stream.emit("close");
  await turn();
  expect(vi.getTimerCount()).toBe(0);
});
