import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { failureOf, TestClient } from "../support/client.js";
import { freshPrefix, startCluster, startServer, type TestCluster } from "../support/posta.js";
import { startRedis, type TestRedis } from "../support/redis.js";
import { callByHand, frame } from "../support/wire-call.js";

const addJob = "/posta.queue.v1.QueueService/AddJob";
const getQueue = "/posta.queue.v1.QueueService/GetQueue";
const healthCheck = "/grpc.health.v1.Health/Check";

describe("a server", () => {
  let posta: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    posta = await startServer(inject("redisUrl"));
    await posta.serving;
  });
  afterAll(() => posta.stop());

  const expectAlive = async () => {
    const answer = await posta.client.call("grpc.health.v1.Health", "Check", { service: "" });
    expect(answer.status).toBe("SERVING");
  };
  /** The value of one series, its labels in any order; 0 if it is not there. */
  const metric = async (name: string, ...labels: string[]) => {
    const lines = (await posta.metrics.metrics()).split("\n");
    const line = lines.find((text) => text.startsWith(`${name}{`) && labels.every((label) => text.includes(label)));
    return Number(line?.split(" ").at(-1) ?? 0);
  };

  it("lives on after bytes that are no HTTP/2", async () => {
    const socket = connectSocket(posta.port, "127.0.0.1");
    socket.on("error", () => {}); // A reset is as good an end as a close.
    socket.resume().write(randomBytes(64 * 1024));
    await once(socket, "close");
    await expectAlive();
  });

  const junk = randomBytes(64);
  it.each([
    [
      "a frame that is no gzip",
      frame(junk, { compressed: true }),
      { "grpc-encoding": "gzip" },
      status.INVALID_ARGUMENT,
    ],
    [
      "a frame in an unknown encoding",
      frame(junk, { compressed: true }),
      { "grpc-encoding": "br" },
      status.UNIMPLEMENTED,
    ],
    ["a frame that says it is 64 MiB", frame(junk, { length: 64 << 20 }), {}, status.RESOURCE_EXHAUSTED],
    ["a request that is no protobuf message", frame(Buffer.from([0x0a, 0x7f, 1])), {}, status.INVALID_ARGUMENT],
    ["a deadline that is no time", frame(Buffer.from([])), { "grpc-timeout": "soon" }, status.INVALID_ARGUMENT],
  ])("answers %s with a status, and lives on", async (_, body, headers, code) => {
    const answer = await callByHand(posta.port, addJob, body, headers);
    expect(status[answer.code], answer.message).toBe(status[code]);
    expect(answer.message).not.toMatch(/\.(ts|js):\d|node_modules/);
    await expectAlive();
  });

  it("names a request that is no protobuf message as the caller's mistake", async () => {
    const { message } = await callByHand(posta.port, addJob, frame(Buffer.from([0xff])));
    expect(message).toBe("request: is not a protobuf message of the method's request type");
  });

  it("asks a call without a message for one", async () => {
    const { code, message } = await callByHand(posta.port, addJob, Buffer.alloc(0));
    expect([code, message]).toEqual([status.INVALID_ARGUMENT, "request: is required: the call has no message"]);
  });

  it("ends a stream with a message that is none, and lives on", async () => {
    const path = "/posta.queue.v1.QueueService/StreamAddJobs";
    const { code } = await callByHand(posta.port, path, frame(Buffer.from([0xff])));
    expect(code).toBe(status.INVALID_ARGUMENT);
    await expectAlive();
  });

  it("lives on when a stream is aborted, and counts it as cancelled", async () => {
    const stream = posta.client.addStream();
    stream.on("error", () => {}); // CANCELLED, our own doing.
    stream.write({ sequence: 1, queue: "aborted", jobs: [{ name: "n" }] });
    await once(stream, "data");
    stream.cancel();
    const cancelled = () => metric("grpc_server_handled_total", '"StreamAddJobs"', 'grpc_code="CANCELLED"');
    await expect.poll(cancelled).toBe(1);
    await expectAlive();
  });

  it("counts calls and their time by service, method and code", async () => {
    await posta.client.queue("AddJob", { queue: "counted", job: { name: "n" } });
    const labels = ['grpc_service="posta.queue.v1.QueueService"', 'grpc_method="PauseQueue"'];
    await posta.client.queue("PauseQueue", { queue: "counted" });
    await failureOf(posta.client.queue("PauseQueue", { queue: "a:b" }));
    expect(await metric("grpc_server_started_total", ...labels, 'grpc_type="unary"')).toBe(2);
    for (const code of ["OK", "INVALID_ARGUMENT"]) {
      const ended = [...labels, `grpc_code="${code}"`];
      expect(await metric("grpc_server_handled_total", ...ended)).toBe(1);
      expect(await metric("grpc_server_handling_seconds_bucket", ...ended, 'le="+Inf"')).toBe(1);
      expect(await metric("grpc_server_handling_seconds_count", ...ended)).toBe(1);
    }
  });

  it("counts messages over the limit, which no handler sees", async () => {
    const labels = ['grpc_method="AddJobs"', 'grpc_code="RESOURCE_EXHAUSTED"'];
    const jobs = [{ name: "n", dataJson: JSON.stringify("x".repeat(5 << 20)) }];
    await expect(posta.client.queue("AddJobs", { queue: "q", jobs })).rejects.toMatchObject({ code: 8 });
    expect(await metric("grpc_server_handled_total", ...labels)).toBe(1);
  });

  it("returns a request's id with its answer and with its failure", async () => {
    const given = { "x-request-id": "mine-1" };
    const good = await callByHand(posta.port, healthCheck, frame(Buffer.from([])), given);
    expect(good.code).toBe(status.OK);
    expect(good.headers["x-request-id"]).toBe("mine-1");
    const bad = await callByHand(posta.port, getQueue, frame(Buffer.from([])), given);
    expect(bad.code).toBe(status.INVALID_ARGUMENT);
    expect(bad.all["x-request-id"]).toBe("mine-1");
  });

  it("gives a failure an id of its own if the caller gave none", async () => {
    const ids = await Promise.all(
      ["a:b", "c:d"].map(async (queue) => {
        const error = await failureOf(posta.client.queue("GetQueue", { queue }));
        return error.metadata.get("x-request-id")[0];
      }),
    );
    for (const id of ids) expect(id).toMatch(/^[\w-]{16}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });
});

describe("deadlines", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  /** Stops Redis in its tracks while it runs, so that what is sent to it in the meantime waits. */
  async function whileFrozen<T>(run: () => Promise<T>): Promise<T> {
    process.kill(redis.pid, "SIGSTOP");
    try {
      return await run();
    } finally {
      // The client's deadline passes a moment before the server's, which Redis goes by: it counts from the call's arrival.
      await sleep(300);
      process.kill(redis.pid, "SIGCONT");
    }
  }

  it.each([
    ["the default one, for a call that brings none", { POSTA_DEFAULT_DEADLINE: "150ms" }, {}, /150 ms/],
    [
      "the longest one, for a call that brings a longer",
      { POSTA_DEFAULT_DEADLINE: "50ms", POSTA_MAX_DEADLINE: "150ms" },
      { deadlineMs: 20_000 },
      /150 ms/,
    ],
    ["the caller's own", {}, { deadlineMs: 150 }, /./],
  ])("%s ends the call, and the job is not added later", async (_, env, options, details) => {
    const posta = await startServer(redis.url, env);
    await posta.serving;
    const job = (id: string) => ({ queue: "late", job: { name: "n", options: { id } } });
    try {
      // The queue is known first, so that only the add itself is late.
      const add = () => posta.client.queue("AddJob", job("early"));
      await expect
        .poll(() =>
          add().then(
            () => "known",
            () => "late",
          ),
        )
        .toBe("known");
      const error = await whileFrozen(() => failureOf(posta.client.queue("AddJob", job("late"), options)));
      expect(error.code).toBe(status.DEADLINE_EXCEEDED);
      expect(error.details).toMatch(details);
      // The same connection to Redis: this read comes after whatever the add has sent.
      const read = () =>
        failureOf(posta.client.queue("GetJob", { queue: "late", jobId: "late" })).then(({ code }) => code);
      await expect.poll(read).toBe(status.NOT_FOUND);
      expect((await posta.client.queue("GetQueue", { queue: "late" })).queue.addedTotal).toBe(1);
    } finally {
      await posta.stop();
      const direct = new Redis(redis.socket);
      await direct.flushall();
      direct.disconnect();
    }
  });
});

describe("the log", () => {
  let cluster: TestCluster;
  let client: TestClient;
  const prefix = freshPrefix();
  beforeAll(async () => {
    const redisUrl = inject("redisUrl");
    cluster = await startCluster({
      POSTA_QUEUE_REDIS_URL: redisUrl,
      POSTA_QUEUE_PREFIX: prefix,
      POSTA_LOG_LEVEL: "info",
    });
    client = new TestClient(`127.0.0.1:${cluster.port}`);
  });
  afterAll(async () => {
    client.close();
    await cluster.stop();
  });

  /** The log's lines that name a request. */
  async function linesOf(requestId: string) {
    await cluster.untilOutput(new RegExp(requestId));
    // What a second call logs comes after all that the first one did: they share a connection, so a process.
    await failureOf(client.queue("GetQueue", { queue: "a:b" }, { metadata: { "x-request-id": `after-${requestId}` } }));
    await cluster.untilOutput(new RegExp(`after-${requestId}.*\n`));
    const lines = cluster
      .output()
      .split("\n")
      .filter((line) => line.includes(`"${requestId}"`));
    return lines.map((line) => JSON.parse(line));
  }

  it("has one JSON line for a failed call, and none for one that went well", async () => {
    await client.queue(
      "AddJob",
      { queue: "logged", job: { name: "n" } },
      { metadata: { "x-request-id": "went-well" } },
    );
    await failureOf(
      client.queue("GetJob", { queue: "logged", jobId: "none" }, { metadata: { "x-request-id": "went-ill" } }),
    );
    const [line, ...more] = await linesOf("went-ill");
    expect(more).toEqual([]);
    expect(line).toMatchObject({
      level: 40,
      msg: "call failed",
      requestId: "went-ill",
      method: "/posta.queue.v1.QueueService/GetJob",
    });
    expect(line).toMatchObject({
      code: "NOT_FOUND",
      details: expect.stringContaining("none"),
      peer: expect.stringContaining("127.0.0.1"),
    });
    expect(line.durationMs).toBeGreaterThan(0);
    expect(cluster.output()).not.toContain("went-well");
  });

  it("has the cause of an internal error, which the caller is not told", async () => {
    const direct = new Redis(inject("redisUrl").replace("unix://", ""));
    await client.queue("PauseQueue", { queue: "broken" });
    await direct.set(`${prefix}:broken:delayed`, "not a sorted set");
    const error = await failureOf(
      client.queue("GetQueue", { queue: "broken" }, { metadata: { "x-request-id": "broken-1" } }),
    );
    expect(error.code).toBe(status.INTERNAL);
    expect(error.details).toBe("internal error");
    expect(error.metadata.get("x-request-id")).toEqual(["broken-1"]);
    const [line, ...more] = await linesOf("broken-1");
    expect(more).toEqual([]);
    expect(line).toMatchObject({ level: 50, code: "INTERNAL", err: { message: expect.stringContaining("WRONGTYPE") } });
    await direct.del(`${prefix}:broken:delayed`);
    direct.disconnect();
  });
});
