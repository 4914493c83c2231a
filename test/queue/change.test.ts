import { status } from "@grpc/grpc-js";
import { type Job, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startServer } from "../support/posta.js";
import { useReleases } from "../support/releases.js";

let posta: Awaited<ReturnType<typeof startServer>>;
const releases = useReleases();

beforeAll(async () => {
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(() => posta.stop());

const call = (method: string, request: object) => posta.client.queue(method, request);
const stateOf = async (queue: string, jobId: string): Promise<string> =>
  (await call("GetJob", { queue, jobId })).job.state;
const countsOf = async (queue: string) => (await call("GetQueue", { queue })).queue.counts;
const notFound = { code: status.NOT_FOUND };
const wrongState = { code: status.FAILED_PRECONDITION };

async function add(queue: string, id: string, options: object = {}, dataJson = "{}"): Promise<void> {
  await call("AddJob", { queue, job: { name: "n", dataJson, options: { ...options, id } } });
}

/** BullMQ's own queue and worker, as any other user of the same Redis has them. The worker takes jobs by hand. */
function bull(name: string) {
  const options = { connection: { path: inject("redisUrl").replace("unix://", "") }, prefix: posta.prefix };
  const queue = new Queue(name, options);
  const worker = new Worker(name, null, options);
  releases.push(
    () => queue.close(),
    () => worker.close(),
  );
  return { queue, worker, take: async () => (await worker.getNextJob("token")) as Job };
}

/** Adds a job and has a worker complete or fail it. */
async function finish(queue: string, id: string, how: "completed" | "failed"): Promise<void> {
  await add(queue, id, { attempts: 1 });
  const job = await bull(queue).take();
  expect(job.id).toBe(id);
  if (how === "completed") await job.moveToCompleted("done", "token", false);
  else await job.moveToFailed(new Error("as asked"), "token", false);
}

const later = { delay: { seconds: 3600 } };

describe("UpdateJob", () => {
  it("keeps the new payload byte for byte", async () => {
    await add("update", "data");
    const dataJson = '{ "z": 1.0, "a":\t[1e3, "é"],\n"z": 2 }';
    await call("UpdateJob", { queue: "update", jobId: "data", dataJson });
    expect((await call("GetJob", { queue: "update", jobId: "data" })).job.dataJson).toBe(dataJson);
    expect((await bull("update").queue.getJob("data"))?.data).toEqual({
      z: 2,
      a: [1000, "é"],
    });
  });

  it("moves a job by its new priority, there and back", async () => {
    for (const id of ["first", "second"]) await add("priorities", id);
    await call("UpdateJob", { queue: "priorities", jobId: "first", priority: 5 });
    expect(await stateOf("priorities", "first")).toBe("JOB_STATE_PRIORITIZED");
    expect((await call("GetJob", { queue: "priorities", jobId: "first" })).job.priority).toBe(5);
    const { take } = bull("priorities");
    expect((await take()).id).toBe("second");
    await call("UpdateJob", { queue: "priorities", jobId: "first", priority: 0 });
    expect(await stateOf("priorities", "first")).toBe("JOB_STATE_WAITING");
  });

  it.each([
    ["a priority", { priority: 5 }, "waiting, prioritized, delayed, waiting-children"],
    ["a delay", { delay: { seconds: 60 } }, "delayed"],
  ])("gives no finished job %s, and names its state", async (what, change, states) => {
    const jobId = `finished-${Object.keys(change)[0]}`;
    await finish(jobId, jobId, "completed");
    await expect(call("UpdateJob", { queue: jobId, jobId, ...change })).rejects.toMatchObject({
      ...wrongState,
      details: `the job "${jobId}" is completed: only ${states} jobs can be given ${what}`,
    });
    expect((await call("GetJob", { queue: jobId, jobId })).job.priority).toBe(0);
  });

  it("takes ids of three parts, which others may give by BullMQ", async () => {
    await bull("parted").queue.add("n", {}, { jobId: "my:id:3" });
    await call("UpdateJob", { queue: "parted", jobId: "my:id:3", priority: 5 });
    expect(await stateOf("parted", "my:id:3")).toBe("JOB_STATE_PRIORITIZED");
    await call("RemoveJob", { queue: "parted", jobId: "my:id:3" });
    for (const jobId of ["metrics:completed:data", "de:a:b", "a:b", "my:id:3:lock"]) {
      await expect(call("GetJob", { queue: "parted", jobId })).rejects.toMatchObject(notFound);
    }
  });

  it("sets a delayed job's delay anew, from now", async () => {
    await add("delays", "later", later);
    const before = Date.now();
    await call("UpdateJob", { queue: "delays", jobId: "later", delay: { seconds: 60 } });
    const { dueTime } = (await call("GetJob", { queue: "delays", jobId: "later" })).job;
    expect(dueTime.seconds * 1000 + dueTime.nanos / 1e6).toBeGreaterThanOrEqual(before + 60_000);
    expect(dueTime.seconds * 1000).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it("refuses a delay for a job that is not delayed, and anything for one that is not there", async () => {
    await add("refusals", "now");
    await expect(call("UpdateJob", { queue: "refusals", jobId: "now", delay: { seconds: 1 } })).rejects.toMatchObject(
      wrongState,
    );
    for (const change of [{ dataJson: "1" }, { priority: 1 }, { delay: { seconds: 1 } }]) {
      await expect(call("UpdateJob", { queue: "refusals", jobId: "none", ...change })).rejects.toMatchObject(notFound);
    }
  });
});

describe("RemoveJob", () => {
  it("removes a job, once", async () => {
    await add("remove", "job");
    await call("RemoveJob", { queue: "remove", jobId: "job" });
    await expect(call("GetJob", { queue: "remove", jobId: "job" })).rejects.toMatchObject(notFound);
    await expect(call("RemoveJob", { queue: "remove", jobId: "job" })).rejects.toMatchObject(notFound);
  });

  it("leaves a job that a worker has", async () => {
    await add("remove-active", "job");
    await bull("remove-active").take();
    await expect(call("RemoveJob", { queue: "remove-active", jobId: "job" })).rejects.toMatchObject(wrongState);
    expect(await stateOf("remove-active", "job")).toBe("JOB_STATE_ACTIVE");
  });
});

describe("RetryJob and PromoteJob", () => {
  it.each(["completed", "failed"] as const)("puts a %s job back in line", async (how) => {
    const queue = `retry-${how}`;
    await finish(queue, "job", how);
    await call("RetryJob", { queue, jobId: "job" });
    expect(await stateOf(queue, "job")).toBe("JOB_STATE_WAITING");
    expect((await bull(queue).take()).id).toBe("job");
  });

  it("promotes a delayed job", async () => {
    await add("promote", "job", later);
    await call("PromoteJob", { queue: "promote", jobId: "job" });
    expect(await stateOf("promote", "job")).toBe("JOB_STATE_WAITING");
    expect((await bull("promote").take()).id).toBe("job");
  });

  it.each(["RetryJob", "PromoteJob"])(
    "%s refuses a waiting and an active job, and one that is not there",
    async (method) => {
      const queue = `refuse-${method}`;
      await add(queue, "job");
      await expect(call(method, { queue, jobId: "job" })).rejects.toMatchObject(wrongState);
      await bull(queue).take();
      await expect(call(method, { queue, jobId: "job" })).rejects.toMatchObject(wrongState);
      await expect(call(method, { queue, jobId: "none" })).rejects.toMatchObject(notFound);
    },
  );
});

describe("RetryJobs", () => {
  it("puts all failed jobs back in line, or all completed ones", async () => {
    for (const id of ["bad1", "bad2"]) await finish("retry-all", id, "failed");
    await finish("retry-all", "good", "completed");
    await call("RetryJobs", { queue: "retry-all" });
    expect(await countsOf("retry-all")).toMatchObject({ waiting: 2, failed: 0, completed: 1 });
    await call("RetryJobs", { queue: "retry-all", state: "JOB_STATE_COMPLETED" });
    expect(await countsOf("retry-all")).toMatchObject({ waiting: 3, failed: 0, completed: 0 });
  });
});

describe("PauseQueue and ResumeQueue", () => {
  it("keep jobs from workers and let them go again", async () => {
    await add("pause", "before");
    await call("PauseQueue", { queue: "pause" });
    await add("pause", "during");
    const { take, queue } = bull("pause");
    expect(await queue.isPaused()).toBe(true);
    expect((await call("GetQueue", { queue: "pause" })).queue).toMatchObject({ paused: true, counts: { waiting: 2 } });
    expect(await take()).toBeUndefined();
    await call("ResumeQueue", { queue: "pause" });
    expect((await call("GetQueue", { queue: "pause" })).queue.paused).toBe(false);
    expect((await take()).id).toBe("before");
  });

  it("make a queue that is not there yet, which stays", async () => {
    await call("PauseQueue", { queue: "early" });
    expect((await call("GetQueue", { queue: "early" })).queue.paused).toBe(true);
    await call("ResumeQueue", { queue: "early" });
    expect((await call("GetQueue", { queue: "early" })).queue.paused).toBe(false);
  });
});

describe("DrainQueue", () => {
  it("removes what waits, delayed jobs only if asked to, and nothing else", async () => {
    await finish("drain", "done", "completed");
    await add("drain", "taken");
    await bull("drain").take();
    await add("drain", "in-line");
    await add("drain", "urgent", { priority: 1 });
    await add("drain", "later", later);
    await call("DrainQueue", { queue: "drain" });
    const rest = { waiting: 0, prioritized: 0, delayed: 1, active: 1, completed: 1 };
    expect(await countsOf("drain")).toMatchObject(rest);
    await call("DrainQueue", { queue: "drain", includeDelayed: true });
    expect(await countsOf("drain")).toMatchObject({ ...rest, delayed: 0 });
  });
});

describe("DrainQueue of thousands", () => {
  it("goes in steps, each short", async () => {
    const jobs = Array.from({ length: 2500 }, (_, index) => ({ name: "n", options: { priority: index % 2 } }));
    await call("AddJobs", { queue: "thousands", jobs });
    await call("AddJobs", { queue: "thousands", jobs: [{ name: "n", options: later }] });
    await call("DrainQueue", { queue: "thousands" });
    expect(await countsOf("thousands")).toMatchObject({ waiting: 0, prioritized: 0, delayed: 1 });
  });
});

describe("CleanQueue", () => {
  it("removes jobs of one state up to a limit, and says how many", async () => {
    for (const id of ["a", "b", "c"]) await finish("clean", id, "completed");
    await add("clean", "in-line");
    const clean = (rest: object) => call("CleanQueue", { queue: "clean", state: "JOB_STATE_COMPLETED", ...rest });
    expect(await clean({ olderThan: { seconds: 3600 } })).toEqual({ removed: 0, more: false });
    expect(await clean({ limit: 2 })).toEqual({ removed: 2, more: true });
    expect(await clean({})).toEqual({ removed: 1, more: false });
    expect(await countsOf("clean")).toMatchObject({ completed: 0, waiting: 1 });
  });

  it.each([
    ["WAITING", {}],
    ["DELAYED", later],
    ["PRIORITIZED", { priority: 4 }],
  ])("cleans %s jobs too", async (state, options) => {
    const queue = `clean-${state}`;
    for (const id of ["a", "b"]) await add(queue, id, options);
    // BullMQ counts a job's age in whole milliseconds, and "older than 0" may leave one of this very millisecond.
    const removed = async () => (await call("CleanQueue", { queue, state: `JOB_STATE_${state}` })).removed;
    let all = 0;
    await expect.poll(async () => (all += await removed()), { interval: 5 }).toBe(2);
    await expect(call("GetJob", { queue, jobId: "a" })).rejects.toMatchObject(notFound);
  });
});

describe("ObliterateQueue", () => {
  it("removes a queue with all its keys", async () => {
    await finish("gone", "done", "failed");
    await add("gone", "in-line");
    await add("gone", "later", later);
    const { queue } = bull("gone");
    await queue.waitUntilReady();
    await call("ObliterateQueue", { queue: "gone" });
    await expect(call("GetQueue", { queue: "gone" })).rejects.toMatchObject(notFound);
    const { queues } = await call("ListQueues", { pageSize: 100 });
    expect(queues.map(({ name }: { name: string }) => name)).not.toContain("gone");
    const client = (await queue.getBackend().client) as unknown as { keys(pattern: string): Promise<string[]> };
    expect(await client.keys(`${posta.prefix}:gone:*`)).toEqual([]);
  });

  it("refuses a queue with active jobs and does not leave it paused, unless it is forced", async () => {
    await add("held", "job");
    await bull("held").take();
    await expect(call("ObliterateQueue", { queue: "held" })).rejects.toMatchObject(wrongState);
    expect((await call("GetQueue", { queue: "held" })).queue).toMatchObject({ paused: false, counts: { active: 1 } });
    await call("ObliterateQueue", { queue: "held", force: true });
    await expect(call("GetQueue", { queue: "held" })).rejects.toMatchObject(notFound);
  });
});

describe("SetQueueLimits", () => {
  it("sets limits that BullMQ obeys, each alone, and lifts those that are absent", async () => {
    await add("limits", "job");
    const { queue } = bull("limits");
    const limits = { concurrency: 3, rate: { max: 10, duration: { seconds: 1, nanos: 500_000_000 } } };
    await call("SetQueueLimits", { queue: "limits", limits });
    expect(await queue.getGlobalConcurrency()).toBe(3);
    expect(await queue.getGlobalRateLimit()).toEqual({ max: 10, duration: 1500 });
    await call("SetQueueLimits", { queue: "limits", limits: { concurrency: 4 } });
    expect((await call("GetQueue", { queue: "limits" })).queue.limits).toEqual({
      concurrency: 4,
      _concurrency: "concurrency",
      rate: null,
    });
    await call("SetQueueLimits", { queue: "limits" });
    expect(await queue.getGlobalConcurrency()).toBeNull();
    expect(await queue.getGlobalRateLimit()).toBeNull();
  });

  it("lets adds write no events, and write them again, with whatever else is limited", async () => {
    // No Queue of BullMQ here: it would set its own number.
    const redis = new Redis({ path: inject("redisUrl").replace("unix://", "") });
    releases.push(() => redis.disconnect());
    const events = () => redis.xlen(`${posta.prefix}:silent:events`);
    const limitsOf = async () => (await call("GetQueue", { queue: "silent" })).queue.limits;
    await call("SetQueueLimits", { queue: "silent", limits: { maxEvents: 0, concurrency: 2 } });
    expect(await limitsOf()).toMatchObject({ maxEvents: 0, concurrency: 2 });
    await add("silent", "unseen");
    expect(await events()).toBe(0);
    await call("SetQueueLimits", { queue: "silent", limits: { maxEvents: 500 } });
    expect(await limitsOf()).toMatchObject({ maxEvents: 500 });
    await add("silent", "seen");
    expect(await events()).toBe(2);
    await call("SetQueueLimits", { queue: "silent", limits: { concurrency: 3 } });
    expect(await limitsOf()).toMatchObject({ maxEvents: 500, concurrency: 3 });
    await call("SetQueueLimits", { queue: "silent", limits: { maxEvents: 10_000 } });
    expect(await limitsOf()).not.toHaveProperty("maxEvents");
  });

  it("makes a queue that is not there yet, which stays when its limits are lifted", async () => {
    await call("SetQueueLimits", { queue: "early-limits", limits: { concurrency: 1 } });
    await call("SetQueueLimits", { queue: "early-limits" });
    expect((await call("GetQueue", { queue: "early-limits" })).queue).toMatchObject({
      name: "early-limits",
      paused: false,
    });
  });
});

describe("a queue that is not there", () => {
  it.each([
    ["ResumeQueue", {}],
    ["DrainQueue", {}],
    ["RetryJobs", {}],
    ["ObliterateQueue", {}],
    ["CleanQueue", { state: "JOB_STATE_FAILED" }],
  ])("is NOT_FOUND to %s", async (method, request) => {
    await expect(call(method, { queue: "nowhere", ...request })).rejects.toMatchObject(notFound);
  });
});
