import { status } from "@grpc/grpc-js";
import { FlowProducer, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startServer } from "../support/posta.js";
import { useReleases } from "../support/releases.js";
import { start } from "./spool-setup.js";

let posta: Awaited<ReturnType<typeof startServer>>;
let redis: Redis;
const connection = { path: inject("redisUrl").replace("unix://", ""), maxRetriesPerRequest: null };
const releases = useReleases();

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
const notFound = { code: status.NOT_FOUND };
const hour = 3_600_000;

function open<One extends { close(): Promise<void> }>(one: One): One {
  releases.push(() => one.close());
  return one;
}

const keyOf = (queue: string, part: string) => `${posta.prefix}:${queue}:${part}`;
/** By the start of their names: a pattern would take a queue's name for one. */
const keysOf = async (queue: string) =>
  (await redis.keys(`${posta.prefix}:*`)).filter((key) => key.startsWith(keyOf(queue, "")));

/** A worker that has taken all jobs of a queue that could run, and has completed each. */
async function work(queue: string, count: number): Promise<void> {
  const worker = open(new Worker(queue, null, { connection, prefix: posta.prefix, metrics: { maxDataPoints: 10 } }));
  for (let done = 0; done < count; done += 1) {
    const job = await worker.getNextJob("token");
    await job?.moveToCompleted("done", "token", false);
  }
}

describe("ObliterateQueue", () => {
  it("frees deduplication ids that outlive their jobs", async () => {
    const queue = "deduplicated";
    const options = { deduplication: { id: "d", ttl: { seconds: 3600 } }, keepOnComplete: { count: 0 } };
    const add = () => call("AddJob", { queue, job: { name: "n", options } });
    const first = await add();
    await work(queue, 1);
    expect(await add()).toEqual({ jobId: first.jobId, outcome: "OUTCOME_DUPLICATE" });
    await call("ObliterateQueue", { queue });
    expect(await keysOf(queue)).toEqual([]);
    expect(await add()).toMatchObject({ outcome: "OUTCOME_ADDED" });
  });

  it("leaves no key of all that BullMQ makes, and touches no other queue", async () => {
    const name = "all*[x]?";
    const others = ["allx", "all*[x]?-2"];
    const queue = open(new Queue(name, { connection, prefix: posta.prefix }));
    for (const other of others) await call("AddJob", { queue: other, job: { name: "n", options: { id: "stays" } } });
    const before = await Promise.all(others.map(keysOf));
    await queue.addBulk(["done-1", "done-2"].map((jobId) => ({ name: "n", data: {}, opts: { jobId } })));
    await work(name, 2);
    await queue.upsertJobScheduler("nightly", { pattern: "0 0 1 1 *" });
    await queue.setGlobalRateLimit(1, hour);
    await redis.set(keyOf(name, "limiter"), 1);
    const flows = open(new FlowProducer({ connection, prefix: posta.prefix }));
    const child = { name: "n", queueName: others[0] as string };
    await flows.add({ name: "n", queueName: name, opts: { jobId: "parent" }, children: [child] });
    await call("RemoveJob", { queue: others[0], jobId: (await redis.lrange(keyOf("allx", "wait"), 0, 0))[0] });
    await flows.add({
      name: "n",
      queueName: name,
      opts: { jobId: "parent-2" },
      children: [{ name: "n", queueName: "far" }],
    });
    await queue.add("n", {}, { jobId: "lost", deduplication: { id: "lost" } });
    await queue.add("n", {}, { jobId: "a:lost:b" });
    await queue.addJobLog("lost", "line");
    await redis.lrem(keyOf(name, "wait"), 0, "lost");
    await redis.lrem(keyOf(name, "wait"), 0, "a:lost:b");
    // What a job leaves that is counted, reported on or locked after its end.
    await redis.hset(keyOf(name, "stalled-once"), "stc", 1);
    await redis.set(keyOf(name, "gone:lock"), "token");
    await redis.rpush(keyOf(name, "gone:logs"), "line");
    await redis.hset(keyOf(name, "gone:processed"), "k", "v");
    await redis.set(keyOf(name, "dn:gone"), "{}");
    await redis.hset(Buffer.concat([Buffer.from(keyOf(name, "")), Buffer.from([0xff, 0xfe])]), "timestamp", 1);
    await call("ObliterateQueue", { queue: name });
    expect(await keysOf(name)).toEqual([]);
    await expect(call("GetQueue", { queue: name })).rejects.toMatchObject(notFound);
    for (const [index, other] of others.entries()) {
      expect(await keysOf(other)).toEqual(expect.arrayContaining(before[index] as string[]));
    }
  });

  it("goes on where an earlier call ended, and leaves what came since and what is of another prefix", async () => {
    const queue = "interrupted";
    await call("AddJob", { queue, job: { name: "n", options: { id: "left" } } });
    // As after a call that ended before its last step.
    await redis.del(keyOf(queue, "meta"), keyOf(queue, "wait"));
    const timestamp = Date.now() - hour;
    await redis.hset(keyOf(queue, "in-line"), "timestamp", timestamp);
    await redis.lpush(keyOf(queue, "wait"), "in-line");
    await redis.hset(keyOf(queue, "later"), "timestamp", Date.now() + hour);
    await redis.set(keyOf(queue, "de:later"), "later");
    await redis.hset(keyOf(queue, "emails:1"), "timestamp", timestamp);
    await redis.zadd(keyOf(queue, "emails:failed"), 1, "1");
    await redis.set(keyOf(queue, "unknown"), "of another program");
    await call("ObliterateQueue", { queue });
    const left = (await keysOf(queue)).map((key) => key.slice(keyOf(queue, "").length));
    expect(left.toSorted()).toEqual(["de:later", "emails:1", "emails:failed", "in-line", "later", "unknown", "wait"]);
    await expect(call("ObliterateQueue", { queue })).rejects.toMatchObject(notFound);
  });

  it("says so if the queue is resumed meanwhile, and not that the store was lost", { timeout: 60_000 }, async () => {
    const queue = "resumed";
    const jobs = Array.from({ length: 5000 }, () => ({ name: "n" }));
    const codeOf = (method: string) =>
      call(method, { queue }).then(
        () => 0,
        (error) => error.code,
      );
    const codes = new Set<number>();
    // Until the race has had both ends.
    for (let round = 0; round < 50 && codes.size < 2; round += 1) {
      await call("AddJobs", { queue, jobs });
      let going = true;
      const resuming = (async () => {
        while (going) expect([0, status.NOT_FOUND]).toContain(await codeOf("ResumeQueue"));
      })();
      const code = await codeOf("ObliterateQueue");
      codes.add(code);
      going = false;
      await resuming;
      if (code !== 0) codes.add(await codeOf("ObliterateQueue")); // Now nobody resumes the queue.
    }
    expect([...codes].toSorted()).toEqual([0, status.FAILED_PRECONDITION]);
  });

  it("removes thousands of jobs that no list has", async () => {
    const queue = "many-lost";
    await call("AddJobs", { queue, jobs: Array.from({ length: 3000 }, () => ({ name: "n" })) });
    await redis.del(keyOf(queue, "wait"));
    await call("AddJob", { queue, job: { name: "n" } });
    await call("ObliterateQueue", { queue });
    expect(await keysOf(queue)).toEqual([]);
  });

  it("removes what is on its way from the spool, of this queue alone", { timeout: 30_000 }, async () => {
    const { add, client, counts, startDelivery, inspector, prefix } = await start();
    await add("here", {});
    for (const queue of ["here", "here", "there"]) {
      expect(await add(queue, { options: { durable: true } })).toMatchObject({ outcome: "OUTCOME_SPOOLED" });
    }
    await client.queue("ObliterateQueue", { queue: "here" });
    expect(await counts()).toMatchObject({ waiting: 1 });
    await startDelivery();
    await expect.poll(async () => (await counts()).waiting).toBe(0);
    expect(await inspector.keys(`${prefix}:here:*`)).toEqual([]);
    expect(await inspector.llen(`${prefix}:there:wait`)).toBe(1);
  });
});

describe("a job that is in no list", () => {
  const queue = "lost";
  const job = { name: "n", options: { id: "job" } };
  const state = async (jobId: string) => (await call("GetJob", { queue, jobId })).job.state;

  it("is told of, and RemoveJob frees its id", async () => {
    await call("AddJob", { queue, job });
    expect(await state("job")).toBe("JOB_STATE_WAITING");
    await redis.lrem(keyOf(queue, "wait"), 1, "job");
    expect(await state("job")).toBe("JOB_STATE_ORPHANED");
    await expect(call("RetryJob", { queue, jobId: "job" })).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: expect.stringContaining("orphaned"),
    });
    expect(await call("AddJob", { queue, job })).toMatchObject({ outcome: "OUTCOME_DUPLICATE" });
    await call("RemoveJob", { queue, jobId: "job" });
    expect(await call("AddJob", { queue, job })).toMatchObject({ outcome: "OUTCOME_ADDED" });
    expect(await state("job")).toBe("JOB_STATE_WAITING");
  });

  it("is told of even if little of it is left", async () => {
    await call("AddJob", { queue, job: { name: "n" } });
    await redis.hset(keyOf(queue, "rest"), "stc", 1);
    expect(await state("rest")).toBe("JOB_STATE_ORPHANED");
    await call("RemoveJob", { queue, jobId: "rest" });
    expect(await call("AddJob", { queue, job: { name: "n", options: { id: "rest" } } })).toMatchObject({
      outcome: "OUTCOME_ADDED",
    });
  });

  it("is known as one that has ended, however long the line is that is not searched", async () => {
    await call("AddJobs", { queue: "long", jobs: Array.from({ length: 6000 }, () => ({ name: "n" })) });
    const [ended, unknown] = (await redis.lrange(keyOf("long", "wait"), 0, 1)) as [string, string];
    await redis.hset(keyOf("long", ended), "finishedOn", 1);
    await redis.lpop(keyOf("long", "wait"), 2);
    expect((await call("GetJob", { queue: "long", jobId: ended })).job.state).toBe("JOB_STATE_ORPHANED");
    expect((await call("GetJob", { queue: "long", jobId: unknown })).job.state).toBe("JOB_STATE_WAITING");
  });

  it("is known before it is changed, and else than to show it, in a line of thousands", async () => {
    await call("AddJobs", { queue: "longer", jobs: Array.from({ length: 6000 }, () => ({ name: "n" })) });
    const [jobId = ""] = await redis.lrange(keyOf("longer", "wait"), 0, 0);
    await redis.lrem(keyOf("longer", "wait"), 1, jobId);
    const priority = { method: "UpdateJob", change: { priority: 1 } };
    for (const { method, change } of [
      priority,
      { method: "PromoteJob", change: {} },
      { method: "RetryJob", change: {} },
    ]) {
      await expect(call(method, { queue: "longer", jobId, ...change }), method).rejects.toMatchObject({
        code: status.FAILED_PRECONDITION,
        details: expect.stringContaining("is orphaned"),
      });
    }
  });

  it("is in no list that could be asked for", async () => {
    await expect(call("ListJobs", { queue, state: "JOB_STATE_ORPHANED" })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining("state: JOB_STATE_ORPHANED is not one of waiting"),
    });
  });
});
