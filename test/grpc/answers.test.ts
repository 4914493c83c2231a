import { once } from "node:events";
import { connect } from "node:http2";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Health } from "../../src/grpc/health.js";
import type { Adapter } from "../../src/rpc/method.js";
import { TestClient } from "../support/client.js";
import { startServer } from "../support/posta.js";

/** No answer is many times larger than its request, nor larger than a client receives, whatever the request is. */

let posta: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(() => posta?.stop());

const queueService = "posta.queue.v1.QueueService";
const analyticsService = "posta.analytics.v1.AnalyticsService";
const streams = [
  { name: "StreamAddJobs", service: queueService, items: "jobs", field: 3 },
  { name: "StreamEvents", service: analyticsService, items: "events", field: 2 },
];

interface Status {
  code: number;
  message: string;
  details: object[];
}

type Watch = (stream: object, closing: AbortSignal) => Promise<void>;

/** Sends the bytes of one message on a stream; resolves to how the stream ended, and how many bytes it answered. */
async function sendBytes(service: string, name: string, message: Buffer) {
  const { path } = TestClient.method(service, name);
  let answered = 0;
  const count = (bytes: Buffer) => {
    answered += bytes.length;
    return bytes;
  };
  const stream = posta.client.raw.makeBidiStreamRequest(path, (bytes: Buffer) => bytes, count);
  stream.resume();
  stream.write(message);
  const [error] = await once(stream, "error");
  return { error, answered };
}

describe.each(streams)("$name", ({ name, service, items, field }) => {
  it("answers 4 MiB of empty items with one error", async () => {
    const count = 2_000_000;
    // A field of the wire's type 2, and no bytes.
    const message = Buffer.alloc(2 * count).fill(Buffer.from([(field << 3) | 2, 0]));
    const delay = monitorEventLoopDelay({ resolution: 10 });
    const before = process.memoryUsage().heapUsed;
    delay.enable();
    const { error, answered } = await sendBytes(service, name, message);
    delay.disable();
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.details).toContain(items);
    expect(error.details.length).toBeLessThan(200);
    expect(answered).toBe(0);
    // It was 44 s and 4 GB.
    expect(delay.max / 1e9).toBeLessThan(2);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 << 20);
  }, 60_000);

  it("goes on with the most items that a message may have", async () => {
    const stream = posta.client.stream(service, name);
    stream.write({ sequence: 1, queue: "most", [items]: Array(10_000).fill({ name: "n" }) });
    const [{ acks }] = await once(stream, "data");
    expect(acks[0].results).toHaveLength(10_000);
    expect(acks[0].results.every(({ error }: { error: unknown }) => error === null)).toBe(true);
    stream.write({ sequence: 2, queue: "most", [items]: Array(10_001).fill({ name: "n" }) });
    const [error] = await once(stream, "error");
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: `${items}: 10001 items is over 10000` });
  });
});

/** Sends ten messages, one at fault and many more; resolves to how the stream ended, and what was acknowledged. */
async function failAfterTen(name: string, service: string, messageOf: (name: string) => object) {
  const stream = posta.client.stream(service, name);
  const acknowledged: number[] = [];
  stream.on("data", ({ acks }) => acknowledged.push(...acks.map(({ sequence }: { sequence: number }) => sequence)));
  for (let sequence = 0; sequence < 10; sequence += 1) stream.write({ sequence, ...messageOf("before") });
  stream.write({ sequence: "9007199254740993", ...messageOf("fault") });
  for (let sequence = 11; sequence < 500; sequence += 1) stream.write({ sequence, ...messageOf("after") });
  stream.end();
  const [error] = await once(stream, "error");
  // Behind whatever the stream had done.
  await posta.client.queue("AddJob", { queue: "after-failure", job: { name: "last" } });
  await posta.client.call(analyticsService, "TrackEvent", { event: { name: "last" } });
  return { error, acknowledged: acknowledged.sort() };
}

describe("a stream that has failed", () => {
  const failed = {
    error: { code: status.INVALID_ARGUMENT, details: expect.stringContaining("sequence") },
    acknowledged: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  };

  it("has added and acknowledged what came before, and added nothing of what came after", async () => {
    const queue = "after-failure";
    const messageOf = (name: string) => ({ queue, jobs: [{ name }] });
    expect(await failAfterTen("StreamAddJobs", queueService, messageOf)).toMatchObject(failed);
    const { jobs } = await posta.client.queue("ListJobs", { queue, state: "JOB_STATE_WAITING", pageSize: 1000 });
    expect(jobs.map(({ name }: { name: string }) => name)).toEqual([...Array(10).fill("before"), "last"]);
  });

  it("has counted and acknowledged what came before, and counted nothing of what came after", async () => {
    const messageOf = (name: string) => ({ events: [{ name }] });
    expect(await failAfterTen("StreamEvents", analyticsService, messageOf)).toMatchObject(failed);
    const eventsOf = (name: string) => posta.client.call(analyticsService, "ListRecentEvents", { name });
    expect((await eventsOf("before")).events).toHaveLength(10);
    expect((await eventsOf("after")).events).toEqual([]);
  });
});

describe("a call whose items all fail", () => {
  /** As long in an error as a value can be: each is written as six characters. */
  const control = "\u0001".repeat(64);
  const calls: [string, string, string, string, object][] = [
    ["long names", queueService, "AddJobs", "jobs", { name: control }],
    ["nothing", queueService, "AddJobs", "jobs", {}],
    ["long names", analyticsService, "TrackEvents", "events", { name: control }],
    [
      "long values",
      analyticsService,
      "TrackEvents",
      "events",
      { name: "n", dimensions: { ['"'.repeat(64)]: control } },
    ],
  ];
  it.each(calls)("for %s is answered within 1.5 MB: %s/%s", async (_, service, method, items, item) => {
    const { path, requestSerialize, responseDeserialize } = TestClient.method(service, method);
    let answered = 0;
    const decode = (bytes: Buffer) => {
      answered = bytes.length;
      return responseDeserialize(bytes);
    };
    const request = { queue: "q", [items]: Array(10_000).fill(item) };
    const { results } = await new Promise<{ results: { error: Status }[] }>((resolve, reject) => {
      posta.client.raw.makeUnaryRequest(path, requestSerialize, decode, request, (error, value) =>
        error ? reject(error) : resolve(value as unknown as { results: { error: Status }[] }),
      );
    });
    expect(answered).toBeLessThan(1.5e6);
    const errors = results.map(({ error }) => error);
    expect(errors).toHaveLength(10_000);
    expect(errors[0]?.details).toHaveLength(1);
    const isGood = ({ code, message, details }: Status, index: number) =>
      code === status.INVALID_ARGUMENT &&
      message.startsWith(`${items}[${index}].`) &&
      (details.length === 1 || Buffer.byteLength(message) <= 100);
    expect(errors.findIndex((error, index) => !isGood(error, index))).toBe(-1);
  });

  it("answers ids that no job can have with none", async () => {
    const jobs = Array(8).fill({ name: "n", options: { id: "i".repeat(400_000) } });
    const { results } = await posta.client.queue("AddJobs", { queue: "q", jobs });
    expect(results).toMatchObject(Array(8).fill({ jobId: "", error: { code: status.INVALID_ARGUMENT } }));
  });
});

describe("a caller who does not read", () => {
  const endings = async () => (await posta.metrics.getSingleMetricAsString("grpc_server_handled_total")) as string;

  it("has its reflection requests read no further", async () => {
    const session = connect(`http://127.0.0.1:${posta.port}`);
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      "content-type": "application/grpc",
      te: "trailers",
    });
    // Fields 1, the host, which is sent back, and 7, list_services; before them the length, 10,005 bytes.
    const host = Buffer.alloc(10_000, "h");
    const fields = Buffer.concat([Buffer.from([0x0a, 0x90, 0x4e]), host, Buffer.from([0x3a, 0])]);
    const request = Buffer.concat([Buffer.from([0, 0, 0, 0x27, 0x15]), fields]);
    for (const one of [session, stream]) one.on("error", () => {}); // The test cuts them off.
    let taken = 0;
    const count = () => {
      taken += 1;
    };
    const answered = once(stream, "response");
    for (let sent = 0; sent < 400; sent += 1) stream.write(request, count);
    await answered;
    // By then a server that takes all of them has done so.
    for (let call = 0; call < 300; call += 1) await posta.client.call("grpc.health.v1.Health", "List", {});
    expect(taken).toBeLessThan(400);
    // Answers wait to be written: that they cannot be is nobody's fault but the caller's.
    session.destroy();
    await expect.poll(endings).toMatch(/grpc_method="ServerReflectionInfo",grpc_code="CANCELLED"/);
    expect(await endings()).not.toMatch(/grpc_code="INTERNAL"/);
  });

  it("is told the latest status of a service once it reads, and not all that it missed", async () => {
    const told: string[] = [];
    let read = () => {};
    const write = ({ status }: { status: string }, _encoding: string, done: () => void) => {
      told.push(status);
      read = done;
    };
    const stream = Object.assign(new Writable({ objectMode: true, write }), { request: { service: "s" } });
    const health = new Health(["s"]);
    const adapter = { unary: () => {}, serverStream: (method: unknown) => method } as unknown as Adapter<Watch>;
    void health.handlers(adapter).Watch(stream, new AbortController().signal);
    for (let change = 0; change < 1001; change += 1) health.set("s", change % 2 === 0);
    expect(stream.writableLength).toBeLessThanOrEqual(16);
    while (stream.writableLength > 0) {
      read();
      await turn();
    }
    expect(told.at(-1)).toBe("SERVING");
    expect(told.length).toBeLessThan(20);
    stream.emit("cancelled");
  });
});
