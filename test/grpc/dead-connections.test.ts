import { once } from "node:events";
import { connect } from "node:http2";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startServer } from "../support/posta.js";
import { FrameType, RawHttp2 } from "../support/raw-http2.js";
import { callByHand, frame, openByHand } from "../support/wire-call.js";

const healthCheck = "/grpc.health.v1.Health/Check";
const enhanceYourCalm = 11;

let posta: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(() => posta.stop());

const whole = { type: FrameType.data, flags: 1, payload: frame(Buffer.alloc(0)) };

describe("a connection that the client has broken", () => {
  it.each<[string, (client: RawHttp2) => void]>([
    ["a header of 70,000 bytes", (client) => client.sendHeaders(3, healthCheck, { "x-big": "a".repeat(70_000) })],
    ["headers of 1 MiB", (client) => client.sendHeaders(3, healthCheck, Object.fromEntries(many(70, 16_000)))],
    [
      "headers that are no HPACK",
      (client) => client.send({ type: FrameType.headers, flags: 5, stream: 3, payload: Buffer.alloc(4, 255) }),
    ],
    [
      "a frame that is too long",
      (client) => client.send({ type: FrameType.data, stream: 1, payload: Buffer.alloc(20_000) }),
    ],
    [
      "data of a stream that there is not",
      (client) => client.send({ type: FrameType.data, stream: 9, payload: Buffer.alloc(5) }),
    ],
    ["a PING that is too short", (client) => client.send({ type: FrameType.ping, payload: Buffer.alloc(3) })],
  ])("by %s is closed, and so its other calls end", async (_, breakConnection) => {
    const client = await RawHttp2.connect(posta.port);
    client.sendHeaders(1, healthCheck);
    breakConnection(client);
    await client.closed;
    expect(client.frames.map(({ type }) => type)).toContain(FrameType.goaway);
  });
});

function many(headers: number, length: number): [string, string][] {
  return Array.from({ length: headers }, (_, index) => [`x-header-${index}`, "a".repeat(length)]);
}

it("says how much a call's headers may have, and ends a call with more at once, and no other", async () => {
  const session = connect(`http://127.0.0.1:${posta.port}`, { maxSendHeaderBlockLength: 1 << 24 });
  const settings = await new Promise<{ maxHeaderListSize?: number }>((resolve) =>
    session.once("remoteSettings", resolve),
  );
  expect(settings.maxHeaderListSize).toBe(64 << 10);
  const call = (headers: Record<string, string>) => {
    const fixed = { ":method": "POST", ":path": healthCheck, "content-type": "application/grpc", te: "trailers" };
    const stream = session.request({ ...fixed, ...headers });
    stream.on("error", () => {});
    stream.resume().end(frame(Buffer.alloc(0)));
    return new Promise((resolve) => stream.once("close", () => resolve(stream.rstCode)));
  };
  expect(await Promise.all([call({}), call(Object.fromEntries(many(70, 1000))), call({})])).toEqual([
    0,
    enhanceYourCalm,
    0,
  ]);
  session.close();
});

it("leaves a connection alone whose client does not answer a PING", async () => {
  const client = await RawHttp2.connect(posta.port);
  // A turn of the watch for each: what has read is made to write, and what has written lives.
  for (const stream of [1, 3, 5, 7]) {
    client.sendHeaders(stream, healthCheck);
    client.send({ ...whole, stream });
    expect(await client.next(FrameType.data)).toMatchObject({ stream });
    if (stream === 1) await client.next(FrameType.ping);
    else await new Promise((resolve) => setTimeout(resolve, 600));
  }
  client.close();
});

describe("a caller's time-out", () => {
  const addJob = "/posta.queue.v1.QueueService/AddJob";
  const answer = async (timeout: string) => {
    const { code, message } = await callByHand(posta.port, addJob, frame(Buffer.alloc(0)), { "grpc-timeout": timeout });
    return `${status[code]} ${message}`;
  };

  it.each(["1000H", "60000M", "3000000S", "10S"])("of %s is no time that has passed", async (timeout) => {
    const watch = openByHand(posta.port, "/grpc.health.v1.Health/Watch", { "grpc-timeout": timeout });
    watch.stream.end(frame(Buffer.alloc(0)));
    await once(watch.stream, "response");
    await callByHand(posta.port, healthCheck, frame(Buffer.alloc(0)));
    expect(watch.stream.closed).toBe(false);
    watch.stream.close();
    await watch.ended;
  });

  it.each(["5", "S", "abc5S", "5Sx", "5 S", "123456789S", "-5S"])("of %s is refused", async (timeout) => {
    expect(await answer(timeout)).toMatch(/^INVALID_ARGUMENT grpc-timeout: /);
  });
});
