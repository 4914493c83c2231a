import { status } from "@grpc/grpc-js";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { maxItemBytes } from "../../src/store/page-token.js";
import { startServer } from "../support/posta.js";
import { useReleases } from "../support/releases.js";
import { dump } from "./keyspace.js";

/** Jobs that others put into a queue: what BullMQ takes of them, Posta must be able to show and to change. */

let posta: Awaited<ReturnType<typeof startServer>>;
let redis: Redis;
const connection = { path: inject("redisUrl").replace("unix://", ""), maxRetriesPerRequest: null };
const releases = useReleases(afterAll);

beforeAll(async () => {
  redis = new Redis(connection);
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(async () => {
  await posta?.stop();
  redis?.disconnect();
});

const call = (method: string, request: object) => posta.client.queue(method, request);
const keyOf = (queue: string, part: string) => `${posta.prefix}:${queue}:${part}`;

async function openQueue(name: string): Promise<Queue> {
  const queue = new Queue(name, { connection, prefix: posta.prefix });
  releases.push(() => queue.close());
  await queue.waitUntilReady();
  await expect.poll(() => redis.hlen(keyOf(name, "meta")), { interval: 2 }).toBe(2);
  return queue;
}

/** Fails the next job of a queue. */
async function fail(name: string): Promise<void> {
  const worker = new Worker(name, null, { connection, prefix: posta.prefix });
  releases.push(() => worker.close());
  const job = await worker.getNextJob("token");
  await job?.moveToFailed(new Error("as asked"), "token", false);
}

const ids = [
  "00456",
  "x".repeat(185),
  "y".repeat(4096),
  "a\nb\u0000c\u007f",
  "a:b:c",
  " ",
  "waiting",
  "priority",
  "-",
  '"]',
  "😀",
];

describe("a job's id", () => {
  it.each(ids.map((id, index) => [id.slice(0, 20), id, `ids-${index}`]))(
    "%j can be all that BullMQ takes",
    async (_, jobId, name) => {
      const queue = await openQueue(name);
      await queue.add("n", {}, { jobId, attempts: 1, delay: 3_600_000 });
      const { jobs } = await call("ListJobs", { queue: name, state: "JOB_STATE_DELAYED" });
      expect(jobs.map(({ id }: { id: string }) => id)).toEqual([jobId]);
      expect((await call("GetJob", { queue: name, jobId })).job).toMatchObject({
        id: jobId,
        state: "JOB_STATE_DELAYED",
      });
      await call("UpdateJob", { queue: name, jobId, dataJson: "[1]" });
      await call("PromoteJob", { queue: name, jobId });
      await fail(name);
      await queue.addJobLog(jobId, "line");
      expect(await call("ListJobLogs", { queue: name, jobId })).toMatchObject({ lines: ["line"] });
      await call("RetryJob", { queue: name, jobId });
      expect((await call("GetJob", { queue: name, jobId })).job).toMatchObject({
        state: "JOB_STATE_WAITING",
        dataJson: "[1]",
      });
      await call("RemoveJob", { queue: name, jobId });
      await expect(call("GetJob", { queue: name, jobId })).rejects.toMatchObject({ code: status.NOT_FOUND });
    },
  );

  it("never addresses a key that is no job", { timeout: 30_000 }, async () => {
    const name = "own-keys";
    const queue = await openQueue(name);
    await queue.upsertJobScheduler("nightly", { pattern: "0 0 1 1 *" });
    const deduplication = { id: "d", ttl: 3_600_000 };
    await queue.add("n", {}, { jobId: "first", attempts: 1, deduplication });
    await queue.addJobLog("first", "line");
    await fail(name);
    for (const [id, options] of Object.entries({ in: {}, by: { priority: 1 }, later: { delay: 3_600_000 } })) {
      await queue.add("n", {}, { jobId: id, ...options });
    }
    await queue.setGlobalConcurrency(3);
    await redis.set(keyOf(name, "in:lock"), "token");
    await redis.hset(keyOf(name, "in:processed"), keyOf(name, "child"), "1");
    await redis.hset(keyOf(name, "metrics:failed"), "count", 1, "prevTS", 1);
    await redis.persist(keyOf(name, "de:d")); // An expiry that passes would be a change.
    const before = await dump(redis, keyOf(name, ""));
    const isJob = (part: string) => ["first", "in", "by", "later"].includes(part) || /^repeat:.*:\d+$/.test(part);
    const parts = Object.keys(before).filter((part) => !isJob(part));
    expect(parts).toEqual(
      expect.arrayContaining(["meta", "wait", "events", "failed", "de:d", "first:logs", "repeat:nightly"]),
    );
    for (const jobId of parts) {
      const requests = ["GetJob", "RemoveJob", "RetryJob", "PromoteJob", "ListJobLogs"].map(
        (method) => [method, {}] as const,
      );
      const changes = [{ dataJson: "1" }, { priority: 1 }, { delay: { seconds: 1 } }].map(
        (c) => ["UpdateJob", c] as const,
      );
      for (const [method, rest] of [...requests, ...changes]) {
        await expect(call(method, { queue: name, jobId, ...rest }), `${method} ${jobId}`).rejects.toMatchObject({
          code: status.NOT_FOUND,
        });
      }
    }
    expect(await dump(redis, keyOf(name, ""))).toEqual(before);
  });
});

describe("a job of another prefix that begins with this one", () => {
  const name = "emails";
  const foreign = { name: "n", data: "secret", timestamp: 1 };

  it("cannot be read, changed or removed by an id with a ':', and is none of this queue's", async () => {
    await call("AddJobs", { queue: name, jobs: Array.from({ length: 1500 }, () => ({ name: "n" })) });
    const ids = ["x:1", "x:repeat:nightly:1"];
    for (const id of ids) {
      await redis.hset(keyOf(name, id), foreign);
      await redis.rpush(keyOf(name, `${id}:logs`), "secret");
    }
    const before = await Promise.all(ids.map((id) => redis.hgetall(keyOf(name, id))));
    for (const jobId of ids) {
      for (const method of ["GetJob", "ListJobLogs", "RemoveJob", "RetryJob", "PromoteJob", "UpdateJob"]) {
        const change = method === "UpdateJob" ? { dataJson: "1" } : {};
        await expect(call(method, { queue: name, jobId, ...change }), method).rejects.toMatchObject({
          code: status.NOT_FOUND,
        });
      }
    }
    expect(await Promise.all(ids.map((id) => redis.hgetall(keyOf(name, id))))).toEqual(before);
  });

  it("hides no job of the queue itself whose id an older BullMQ took", async () => {
    await redis.hset(keyOf(name, "old:1"), { name: "n", data: "1", timestamp: 1 });
    await redis.rpush(keyOf(name, "old:1:logs"), "line");
    await redis.lpush(keyOf(name, "wait"), "old:1");
    expect((await call("GetJob", { queue: name, jobId: "old:1" })).job.state).toBe("JOB_STATE_WAITING");
    expect(await call("ListJobLogs", { queue: name, jobId: "old:1" })).toMatchObject({ lines: ["line"] });
    await call("RemoveJob", { queue: name, jobId: "old:1" });
    expect(await redis.exists(keyOf(name, "old:1"))).toBe(0);
  });
});

describe("what a job holds", () => {
  const deep = "[".repeat(20_000) + "]".repeat(20_000);
  /** Fields of a job's hash that are not as BullMQ writes them. */
  const odd: [string, Record<string, string>][] = [
    ["deep data", { data: deep, returnvalue: deep, progress: deep }],
    ["data that is no JSON", { data: "{", returnvalue: "}", progress: "x", opts: "{" }],
    ["data that is several values", { data: "1,2", returnvalue: '{"a":1},{"b":2}', progress: "1,2" }],
    ["data that is blank", { data: "  ", returnvalue: " ", progress: "  " }],
    ["data that is empty", { data: "", returnvalue: "", progress: "" }],
    ["deep options", { opts: `{"backoff":${deep},"attempts":1}`, parent: deep }],
    ["options that are a list", { opts: "[1]" }],
    ["deep stack traces", { stacktrace: `[${deep},"trace",1,null]` }],
    ["stack traces that are no list", { stacktrace: '{"a":1}' }],
    [
      "numbers that are none",
      { timestamp: "soon", delay: "x", priority: "-", ats: "1e99", atm: "NaN", processedOn: "1e300" },
    ],
  ];

  it("never hides the other jobs of a list, nor itself", async () => {
    const name = "odd-lists";
    await openQueue(name);
    await call("AddJobs", {
      queue: name,
      jobs: odd.map(([id]) => ({ name: id, options: { id: id.replaceAll(" ", "-") } })),
    });
    await call("AddJob", { queue: name, job: { name: "string", options: { id: "string" } } });
    for (const [id, fields] of odd) await redis.hset(keyOf(name, id.replaceAll(" ", "-")), fields);
    await redis.multi().del(keyOf(name, "string")).set(keyOf(name, "string"), "no job").exec();
    for (const view of ["JOB_VIEW_BASIC", "JOB_VIEW_FULL"]) {
      const { jobs } = await call("ListJobs", { queue: name, state: "JOB_STATE_WAITING", view });
      expect(jobs.map((job: { name: string }) => job.name)).toEqual(odd.map(([id]) => id));
    }
    const { job } = await call("GetJob", { queue: name, jobId: "deep-data" });
    expect(job.dataJson === deep).toBe(true);
    expect((await call("GetJob", { queue: name, jobId: "deep-stack-traces" })).job.stacktrace[1]).toBe("trace");
    expect((await call("GetQueue", { queue: name })).queue.counts.waiting).toBe(odd.length + 1);
  });

  it.each(odd)("%s can be retried and removed", async (what, fields) => {
    const name = `odd ${what}`;
    await openQueue(name);
    await call("AddJob", { queue: name, job: { name: "n", options: { id: "job", attempts: 1 } } });
    await fail(name);
    await redis.hset(keyOf(name, "job"), fields);
    await call("RetryJob", { queue: name, jobId: "job" });
    expect((await call("GetJob", { queue: name, jobId: "job" })).job.state).toMatch(/WAITING|PRIORITIZED/);
    await call("RemoveJob", { queue: name, jobId: "job" });
    expect(await redis.exists(keyOf(name, "job"))).toBe(0);
  });

  it("is not read to retry it, so that a payload of an answer's size hides no option of the job", async () => {
    const name = "odd-large";
    await openQueue(name);
    await call("AddJob", { queue: name, job: { name: "n", options: { id: "job", attempts: 1, lifo: true } } });
    await fail(name);
    // So large that the options, which an answer has behind it, would not fit.
    const data = JSON.stringify("x".repeat(maxItemBytes(posta.config) - 200));
    const opts = JSON.stringify({ attempts: 1, lifo: true, of: "another program".repeat(20) });
    await redis.hset(keyOf(name, "job"), { data, opts });
    await call("AddJobs", { queue: name, jobs: [{ name: "n" }, { name: "n" }] });
    await call("RetryJob", { queue: name, jobId: "job" });
    expect((await redis.lrange(keyOf(name, "wait"), 0, -1)).indexOf("job")).toBe(2); // Next in line.
  });

  it("hides no queue: limits and counters that are no numbers, a string in the place of the next job", async () => {
    const name = "odd-queue";
    await openQueue(name);
    await call("AddJob", { queue: name, job: { name: "n", options: { id: "job" } } });
    await redis.hset(keyOf(name, "meta"), { concurrency: "many", max: "1e99", duration: "x" });
    await redis.multi().set(keyOf(name, "id"), "none").del(keyOf(name, "job")).set(keyOf(name, "job"), "no job").exec();
    expect((await call("GetQueue", { queue: name })).queue).toMatchObject({
      addedTotal: 0,
      counts: { waiting: 1 },
      limits: { rate: null },
    });
    const { queues } = await call("ListQueues", { pageSize: 100 });
    expect(queues.map((queue: { name: string }) => queue.name)).toContain(name);
  });
});
