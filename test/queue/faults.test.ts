import { once } from "node:events";
import { type AddressInfo, connect, createServer as createSocket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { beforeEach, describe, expect, it } from "vitest";
import { RedisStore } from "../../src/store/redis/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { detailsOf, failureOf, TestClient } from "../support/client.js";
import { startServer } from "../support/posta.js";
import { startRedis, type TestRedis } from "../support/redis.js";
import { untilSteady } from "../support/steady.js";

const code = { deadlineExceeded: 4, resourceExhausted: 8, unavailable: 14 };
const queue = "faults";

let redis: TestRedis;
let posta: Awaited<ReturnType<typeof startServer>>;

beforeEach(async () => {
  redis = await startRedis();
  posta = await startServer(redis.url);
  await posta.serving;
  return async () => {
    await posta.stop();
    await redis.stop();
  };
});

function addJob(name: string, deadlineMs?: number) {
  return posta.client.queue("AddJob", { queue, job: { name } }, deadlineMs === undefined ? {} : { deadlineMs });
}

/** How often the server began (or, with a code, ended) calls of a method. */
async function countCalls(metric: "started" | "handled", method: string, grpc_code?: string): Promise<number> {
  const { values = [] } = (await posta.metrics.getSingleMetric(`grpc_server_${metric}_total`)?.get()) ?? {};
  return values
    .filter(({ labels }) => labels.grpc_method === method && (!grpc_code || labels.grpc_code === grpc_code))
    .reduce((sum, { value }) => sum + value, 0);
}

async function untilStarted(method: string, count: number): Promise<void> {
  await expect.poll(() => countCalls("started", method), { interval: 5 }).toBe(count);
}

/** Runs commands past Posta. */
async function onRedis<T>(run: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ path: redis.socket });
  return run(client).finally(() => client.disconnect());
}

const countWaiting = () => onRedis((client) => client.llen(`${posta.prefix}:${queue}:wait`));

/** The names of the jobs in line, the first one first. */
function waitingNames(): Promise<(string | null)[]> {
  return onRedis(async (client) => {
    const ids = await client.lrange(`${posta.prefix}:${queue}:wait`, 0, -1);
    return Promise.all(ids.reverse().map((id) => client.hget(`${posta.prefix}:${queue}:${id}`, "name")));
  });
}

describe("a Redis that dies", () => {
  it("fails the calls in flight in time and says when to try again", async () => {
    process.kill(redis.pid, "SIGSTOP"); // So that the calls are in flight when it dies.
    const begun = Date.now();
    const calls = Array.from({ length: 20 }, (_, index) => failureOf(addJob(`n${index}`, 10_000)));
    await untilStarted("AddJob", 20);
    await redis.kill();
    for (const error of await Promise.all(calls)) {
      expect(error.code).toBe(code.unavailable);
      expect(detailsOf(error).RetryInfo?.retryDelay).toMatchObject({ nanos: 500_000_000 });
    }
    expect(Date.now() - begun).toBeLessThan(8000); // Their deadline is 10 s.
  });

  it("fails every call at once for as long as it is gone, and is used again once it is back", async () => {
    // So that BullMQ itself is on the connection too.
    await posta.client.queue("PauseQueue", { queue });
    await posta.client.queue("ResumeQueue", { queue });
    const lost = posta.untilServing(false);
    await redis.kill();
    await lost;
    const methods = {
      AddJob: { job: { name: "n" } },
      AddJobs: { jobs: [{ name: "n" }] },
      GetJob: { jobId: "x" },
      GetQueue: {},
      PauseQueue: {},
    };
    for (const [method, request] of Object.entries(methods)) {
      // A call that waited for Redis would find its deadline passed.
      const call = posta.client.queue(method, { queue, ...request }, { deadlineMs: posta.config.redisTimeoutMs - 500 });
      if (method === "AddJobs") expect((await call).results).toMatchObject([{ error: { code: code.unavailable } }]);
      else expect((await failureOf(call)).code).toBe(code.unavailable);
    }

    const back = posta.untilServing(true);
    await redis.restart();
    await back;
    expect(await addJob("after")).toMatchObject({ outcome: "OUTCOME_ADDED" });
    expect(await waitingNames()).toEqual(["after"]);
  });
});

describe("a Redis that hangs", () => {
  it("holds no call beyond its deadline, and adds none of them later", async () => {
    process.kill(redis.pid, "SIGSTOP");
    const begun = Date.now();
    const calls = Array.from({ length: 20 }, (_, index) => failureOf(addJob(`late${index}`, 600)));
    for (const error of await Promise.all(calls))
      expect([code.deadlineExceeded, code.unavailable]).toContain(error.code);
    expect(Date.now() - begun).toBeLessThan(posta.config.redisTimeoutMs);
    // The server counts a call's deadline from its arrival, which was a moment after the client began to.
    await sleep(300);
    process.kill(redis.pid, "SIGCONT");
    await expect
      .poll(() =>
        addJob("after").then(
          ({ outcome }) => outcome,
          () => "failed",
        ),
      )
      .toBe("OUTCOME_ADDED");
    expect(await waitingNames()).toEqual(["after"]);
  });

  it("does not make later deadlines loose by the answer that it held back", async () => {
    const { redisTimeoutMs: timeoutMs, allowNoAof } = posta.config;
    const store = new RedisStore(
      { url: redis.url, variable: "URL", name: "the queue's store", prefix: "p", timeoutMs, durable: { allowNoAof } },
      createLog("test", "silent"),
    );
    const usable = once(store, "usable");
    store.open();
    await usable;
    const offsets: number[] = [];
    const stallMs = 1000;
    for (let stall = 0; stall < 3; stall += 1) {
      process.kill(redis.pid, "SIGSTOP");
      await sleep(stallMs); // Long enough that the clock is asked for meanwhile, at some time.
      process.kill(redis.pid, "SIGCONT");
      await store.client.ping(); // Answers come in order: the clock's are there.
      offsets.push(Math.abs(store.clock.toRedisTime(0)));
    }
    await store.close();
    // Both clocks are this machine's.
    expect(Math.max(...offsets)).toBeLessThan(stallMs / 5);
  });

  it("is taken for lost while the caller waits longer", async () => {
    process.kill(redis.pid, "SIGSTOP");
    const error = await failureOf(addJob("unknown", 20_000));
    expect(error.code).toBe(code.unavailable);
    expect(error.details).toContain("outcome is unknown");
    process.kill(redis.pid, "SIGCONT");
  });

  it("gets no job whose caller went away before it was written", async () => {
    process.kill(redis.pid, "SIGSTOP");
    const first = addJob("first"); // While this is on its way, the others gather.
    await untilStarted("AddJob", 1);
    const stream = posta.client.addStream();
    stream.on("error", () => {}); // It is cancelled below.
    stream.write({ sequence: 1, queue, jobs: [{ name: "cancelled" }] });
    stream.write({ sequence: 2, queue: "", jobs: [{ name: "refused" }] });
    // The second message's refusal shows that the first was read.
    const [{ acks }] = await once(stream, "data");
    expect(acks).toMatchObject([{ sequence: 2 }]);
    const second = addJob("second");
    await untilStarted("AddJob", 2);
    stream.cancel();
    await expect.poll(() => countCalls("handled", "StreamAddJobs", "CANCELLED"), { interval: 5 }).toBe(1);
    process.kill(redis.pid, "SIGCONT");
    await Promise.all([first, second]);
    expect(await waitingNames()).toEqual(["first", "second"]);
  });
});

describe("a Redis that is full", () => {
  it("answers RESOURCE_EXHAUSTED with a delay, until there is room again", async () => {
    await onRedis((client) => client.config("SET", "maxmemory", "1"));
    const error = await failureOf(addJob("n"));
    expect(error.code).toBe(code.resourceExhausted);
    expect(detailsOf(error).RetryInfo?.retryDelay).toMatchObject({ seconds: 5 });
    const { results } = await posta.client.queue("AddJobs", { queue, jobs: [{ name: "n" }, { name: "n" }] });
    expect(results).toMatchObject([
      { error: { code: code.resourceExhausted } },
      { error: { code: code.resourceExhausted } },
    ]);
    const deduplicated = { name: "n", options: { deduplication: { id: "k" } } };
    const refused = await failureOf(posta.client.queue("AddJob", { queue, job: deduplicated }));
    expect(refused.code).toBe(code.resourceExhausted);
    await onRedis((client) => client.config("SET", "maxmemory", "0"));
    expect(await addJob("fits")).toMatchObject({ outcome: "OUTCOME_ADDED" });
    expect(await waitingNames()).toEqual(["fits"]);
  });
});

/** A stretch of network that can be cut. */
async function startProxy(port: number) {
  const server = createSocket((socket) => {
    const onward = connect(port, "127.0.0.1");
    for (const end of [socket, onward]) end.on("error", () => {});
    socket.pipe(onward).pipe(socket);
    server.once("cut", () => {
      socket.destroy();
      onward.destroy();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    server.emit("cut");
    server.close();
  };
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, cut };
}

const message = (sequence: number) => ({
  sequence,
  queue,
  jobs: Array.from({ length: 10 }, () => ({ name: `m${sequence}` })),
});

describe("a stream of jobs", () => {
  it("ends on the server when its client vanishes, with whole messages in the queue", async () => {
    const proxy = await startProxy(posta.port);
    const client = new TestClient(proxy.address);
    const stream = client.addStream();
    const broken = once(stream, "error");
    for (let sequence = 0; sequence < 100; sequence += 1) stream.write(message(sequence));
    await once(stream, "data");
    proxy.cut();
    const [error] = await broken.catch((thrown) => [thrown]);
    expect(error.code).toBe(code.unavailable);
    client.close();
    await expect.poll(() => countCalls("handled", "StreamAddJobs", "CANCELLED")).toBe(1);
    // The server goes on, and what was written is in order and once.
    expect(await addJob("after")).toMatchObject({ outcome: "OUTCOME_ADDED" });
    const names = await waitingNames();
    expect(names.pop()).toBe("after");
    expect(names.length).toBeGreaterThan(0);
    expect(names).toEqual(Array.from(names, (_, index) => `m${Math.floor(index / 10)}`));
  });

  it("is read no further while its client reads no acknowledgement", async () => {
    const messages = 10_000;
    const stream = posta.client.addStream();
    stream.on("error", () => {}); // If this test fails, it is cut off.
    const sequences = new Set<number>();
    // grpc-js holds its connection back only once a reader has come and paused.
    stream.once("data", () => stream.pause());
    stream.on("data", ({ acks }) => {
      for (const { sequence } of acks) sequences.add(sequence);
    });
    for (let sequence = 0; sequence < messages; sequence += 1) stream.write(message(sequence));
    const stalledAt = await untilSteady(countWaiting);
    expect(stream.isPaused()).toBe(true);
    expect(stalledAt).toBeLessThan((messages * 10) / 4);
    // Others are served meanwhile.
    expect(await addJob("other")).toMatchObject({ outcome: "OUTCOME_ADDED" });

    stream.end();
    stream.resume();
    await once(stream, "end");
    expect(sequences.size).toBe(messages);
    expect(await countWaiting()).toBe(messages * 10 + 1);
  });
});
