import { once } from "node:events";
import { connect, constants } from "node:http2";
import { deflateSync, gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { TestClient } from "../../support/client.js";
import { incomingBytes } from "../../support/incoming.js";
import { startServer } from "../../support/posta.js";
import { callByHand, frame, openByHand } from "../../support/wire-call.js";

const addJob = "/posta.queue.v1.QueueService/AddJob";
const getQueue = "/posta.queue.v1.QueueService/GetQueue";
const streamAddJobs = "/posta.queue.v1.QueueService/StreamAddJobs";
const watchHealth = "/grpc.health.v1.Health/Watch";
const reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

const encode = (method: string, request: object) =>
  TestClient.method("posta.queue.v1.QueueService", method).requestSerialize(request);
const request = encode("GetQueue", { queue: "incoming" });

let posta: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  posta = await startServer(inject("redisUrl"), {
    POSTA_MAX_MESSAGE_BYTES: String(1 << 20),
    POSTA_QUEUE_MAX_JOB_BYTES: String(1 << 19),
    POSTA_MAX_INCOMING_BYTES: String(2 << 20),
    POSTA_DEFAULT_DEADLINE: "500ms",
    POSTA_MAX_DEADLINE: "10s",
  });
  await posta.serving;
});
afterAll(() => posta.stop());
/** However the calls of a test ended, they gave back what they held. */
afterEach(async () => {
  for (const of of ["calls", "anyone"] as const) await expect.poll(() => incomingBytes(posta, of)).toBe(0);
});

/** Calls that ended with INTERNAL or UNKNOWN: what pages somebody. */
const internalErrors = async () => {
  const lines = (await posta.metrics.metrics()).split("\n");
  return lines.filter((line) => /^grpc_server_handled_total.*"(INTERNAL|UNKNOWN)"/.test(line));
};

describe("a caller's mistake", () => {
  const gzip = { "grpc-encoding": "gzip" };
  const compressed = (bytes: Buffer) => frame(bytes, { compressed: true });
  const whole = gzipSync(request);
  const bomb = gzipSync(Buffer.alloc(2 << 20));

  it.each<[string, string, Buffer, Record<string, string>, string, RegExp]>([
    ["a broken gzip", getQueue, compressed(Buffer.alloc(64, 7)), gzip, "INVALID_ARGUMENT", /^request: is not gzip: /],
    [
      "a gzip that is cut",
      getQueue,
      compressed(whole.subarray(0, -9)),
      gzip,
      "INVALID_ARGUMENT",
      /^request: is not gzip: /,
    ],
    [
      "a broken deflate",
      getQueue,
      compressed(whole),
      { "grpc-encoding": "deflate" },
      "INVALID_ARGUMENT",
      /is not deflate/,
    ],
    [
      "a compressed message without an encoding",
      getQueue,
      compressed(whole),
      {},
      "INVALID_ARGUMENT",
      /^grpc-encoding: /,
    ],
    [
      "an encoding that is not supported",
      getQueue,
      compressed(whole),
      { "grpc-encoding": "br" },
      "UNIMPLEMENTED",
      /"br".*gzip/,
    ],
    [
      "a gzip that inflates to too much",
      getQueue,
      compressed(bomb),
      gzip,
      "RESOURCE_EXHAUSTED",
      /inflates to over 1048576/,
    ],
    [
      "a message that is too long",
      getQueue,
      frame(request, { length: 2 << 20 }),
      {},
      "RESOURCE_EXHAUSTED",
      /2097152 bytes, over 1048576/,
    ],
    ["a flag that there is not", getQueue, Buffer.from([9, 0, 0, 0, 0]), {}, "INVALID_ARGUMENT", /flag is 9/],
    ["a message that is cut", getQueue, frame(request, { length: 99 }), {}, "INVALID_ARGUMENT", /ends in the middle/],
    ["a head that is cut", getQueue, Buffer.from([0, 0]), {}, "INVALID_ARGUMENT", /ends in the middle/],
    [
      "a message of a stream that is cut",
      streamAddJobs,
      frame(request, { length: 99 }),
      {},
      "INVALID_ARGUMENT",
      /ends in the middle/,
    ],
    [
      "a second message",
      getQueue,
      Buffer.concat([frame(request), frame(request)]),
      {},
      "INVALID_ARGUMENT",
      /a second message/,
    ],
    ["no message", getQueue, Buffer.alloc(0), {}, "INVALID_ARGUMENT", /^request: is required/],
    [
      "a time-out that is no time",
      addJob,
      frame(request),
      { "grpc-timeout": "soon" },
      "INVALID_ARGUMENT",
      /^grpc-timeout: /,
    ],
    ["a bad question to reflection", reflection, frame(Buffer.from([0xff])), {}, "INVALID_ARGUMENT", /^request: /],
    [
      "a long question to reflection",
      reflection,
      frame(Buffer.alloc(0), { length: 20_000 }),
      {},
      "RESOURCE_EXHAUSTED",
      /over 16384/,
    ],
    [
      "a long question to health",
      watchHealth,
      frame(Buffer.alloc(0), { length: 20_000 }),
      {},
      "RESOURCE_EXHAUSTED",
      /over 16384/,
    ],
    [
      "a wrong field for health",
      watchHealth,
      frame(Buffer.from([0x0a, 1, 0xff])),
      {},
      "INVALID_ARGUMENT",
      /^service: is not UTF-8/,
    ],
  ])("%s ends the call with a status that says so", async (_, path, body, headers, code, message) => {
    const answer = await callByHand(posta.port, path, body, headers);
    expect(status[answer.code], answer.message).toBe(code);
    expect(answer.message).toMatch(message);
    expect(await internalErrors()).toEqual([]);
  });

  // There is no such queue, as the right requests ask for; an empty request names none.
  it.each([
    ["gzip", gzipSync(request), "NOT_FOUND"],
    ["deflate", deflateSync(request), "NOT_FOUND"],
    ["gzip", gzipSync(Buffer.alloc(0)), "INVALID_ARGUMENT"],
    ["gzip", Buffer.alloc(0), "INVALID_ARGUMENT"],
  ])("is no %s that is right", async (encoding, bytes, code) => {
    const answer = await callByHand(posta.port, getQueue, compressed(bytes), { "grpc-encoding": encoding });
    expect(status[answer.code]).toBe(code);
    expect(answer.message).not.toMatch(/^request/);
  });
});

describe("a message that has begun", () => {
  const part = frame(Buffer.alloc(900_000), { length: 1_000_000 });

  it("holds a share of the budget, and not for longer than a message may take", async () => {
    const open = () => openByHand(posta.port, streamAddJobs);
    const calls = [open(), open(), open(), open()];
    for (const { stream } of calls) stream.write(part);
    const endings = await Promise.all(calls.map(({ ended }) => ended));
    const codes = endings.map(({ code }) => status[code]).sort();
    expect(codes).toContain("RESOURCE_EXHAUSTED");
    expect(codes).toContain("INVALID_ARGUMENT");
    const refused = endings.find(({ code }) => code === status.RESOURCE_EXHAUSTED);
    expect(refused?.message).toMatch(/over 2097152 bytes of requests are on their way/);
    const details = Buffer.from(String(refused?.all["grpc-status-details-bin"]), "base64");
    expect(details.includes("google.rpc.RetryInfo")).toBe(true);
    const late = endings.find(({ code }) => code === status.INVALID_ARGUMENT);
    expect(late?.message).toBe("request: the message is not complete after 500 ms");
    // All has been given back: a large job comes in, in parts as well.
    const dataJson = JSON.stringify("x".repeat(500_000));
    const { outcome } = await posta.client.queue(
      "AddJob",
      { queue: "after", job: { name: "n", dataJson } },
      { deadlineMs: 9000 },
    );
    expect(outcome).toBe("OUTCOME_ADDED");
  });

  it("ends a stream of reflection too, and a watch whose request never comes", async () => {
    const question = openByHand(posta.port, reflection);
    question.stream.write(frame(Buffer.alloc(10), { length: 1000 }));
    const watch = openByHand(posta.port, watchHealth);
    for (const { ended } of [question, watch]) {
      expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT, message: expect.stringMatching(/500 ms/) });
    }
  });

  it("that nobody needs a token for takes nothing of the callers' budget", async () => {
    // A 16th of the budget is 128 KiB: eight messages of 16 KiB.
    const calls = Array.from({ length: 9 }, () => openByHand(posta.port, reflection));
    for (const { stream } of calls) stream.write(frame(Buffer.alloc(16_000), { length: 16_300 }));
    await expect.poll(() => incomingBytes(posta, "anyone"), { interval: 5 }).toBeGreaterThan(16_000);
    expect(await incomingBytes(posta, "calls")).toBe(0);
    const endings = await Promise.all(calls.map(({ ended }) => ended));
    expect(endings.map(({ code }) => status[code])).toContain("RESOURCE_EXHAUSTED");
  });
});

describe("what needs no token", () => {
  it.each([
    ["reflection", reflection],
    ["health", "/grpc.health.v1.Health/Check"],
  ])("takes no compressed message: %s", async (_, path) => {
    const body = frame(gzipSync(Buffer.alloc(0)), { compressed: true });
    const answer = await callByHand(posta.port, path, body, { "grpc-encoding": "gzip" });
    expect(status[answer.code]).toBe("UNIMPLEMENTED");
    expect(answer.all["grpc-accept-encoding"]).toBe("identity");
  });

  it("is closed when no question comes any more, though its caller reads no answer", async () => {
    const deadlines = { POSTA_MAX_DEADLINE: "300ms", POSTA_DEFAULT_DEADLINE: "300ms" };
    const own = await startServer(inject("redisUrl"), deadlines);
    const session = connect(`http://127.0.0.1:${own.port}`);
    const fixed = { ":method": "POST", ":path": reflection, "content-type": "application/grpc", te: "trailers" };
    const stream = session.request(fixed);
    stream.on("error", () => {}); // The reset.
    // Field 1, the host, of 10,000 bytes, is sent back twice: ten answers are more than a caller takes unread.
    const question = frame(Buffer.concat([Buffer.from([0x0a, 0x90, 0x4e]), Buffer.alloc(10_000, "h")]));
    for (let sent = 0; sent < 10; sent += 1) stream.write(question);
    await once(stream, "close");
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    session.close();
    await own.stop();
  });
});

it("a unary call holds a share of the budget until its caller ends", async () => {
  const calls = Array.from({ length: 3 }, () => openByHand(posta.port, addJob, { "grpc-timeout": "9S" }));
  // One after the other, so that no two are on their way.
  for (const { stream } of calls) await new Promise((resolve) => stream.write(frame(Buffer.alloc(900_000)), resolve));
  const first = await Promise.race(calls.map(({ ended }) => ended));
  expect(first).toMatchObject({ code: status.RESOURCE_EXHAUSTED, message: expect.stringMatching(/on their way/) });
  for (const { stream } of calls) stream.end();
  const codes = (await Promise.all(calls.map(({ ended }) => ended))).map(({ code }) => status[code]);
  expect(codes.sort()).toEqual(["INVALID_ARGUMENT", "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"]);
});

describe("a stream whose frame is wrong", () => {
  const jobs = (queue: string, sequence: number) =>
    frame(encode("StreamAddJobs", { sequence, queue, jobs: [{ name: `n${sequence}` }] }));
  const wrong = Buffer.from([9, 0, 0, 0, 0]);
  const namesIn = async (queue: string) => {
    const answer = await posta.client.queue("ListJobs", { queue, state: "JOB_STATE_WAITING", pageSize: 100 });
    return answer.jobs.map(({ name }: { name: string }) => name);
  };

  it("acknowledges what came before, and does nothing of what comes after", async () => {
    const queue = "wrong-frame";
    const { stream, ended } = openByHand(posta.port, streamAddJobs);
    const answered: Buffer[] = [];
    stream.on("data", (bytes: Buffer) => answered.push(bytes));
    stream.on("error", () => {});
    stream.write(Buffer.concat([jobs(queue, 1), jobs(queue, 2), wrong, jobs(queue, 3)]));
    stream.write(jobs(queue, 4));
    expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT, message: expect.stringMatching(/flag is 9/) });
    expect(await namesIn(queue)).toEqual(["n1", "n2"]);
    const { responseDeserialize } = TestClient.method("posta.queue.v1.QueueService", "StreamAddJobs");
    const sequences: number[] = [];
    for (let rest = Buffer.concat(answered); rest.length > 0; ) {
      const end = 5 + rest.readUInt32BE(1);
      const { acks } = responseDeserialize(rest.subarray(5, end)) as unknown as { acks: { sequence: number }[] };
      sequences.push(...acks.map(({ sequence }) => Number(sequence)));
      rest = rest.subarray(end);
    }
    expect(sequences).toEqual([1, 2]);
  });
});

it("a stream of reflection without a question ends", async () => {
  const own = await startServer(inject("redisUrl"), { POSTA_MAX_DEADLINE: "300ms", POSTA_DEFAULT_DEADLINE: "300ms" });
  expect((await openByHand(own.port, reflection).ended).code).toBe(status.OK);
  await own.stop();
});

it("a stream that has answered is closed when it ends, though its caller does not end it", async () => {
  const { stream, ended } = openByHand(posta.port, streamAddJobs);
  stream.write(frame(encode("StreamAddJobs", { sequence: 1, queue: "answered", jobs: [{ name: "n" }] })));
  await once(stream, "response");
  stream.write(frame(Buffer.from([0xff])));
  expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT, message: expect.stringMatching(/^request: /) });
  expect(stream.rstCode).toBe(0);
});
