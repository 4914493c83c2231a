import { Queue as BullQueue, Worker } from "bullmq";
import { describe, expect, it } from "vitest";
import {
  add,
  checkLeases,
  connection,
  countsOf,
  endLease,
  freshQueue,
  type Held,
  lease,
  posta,
  putBack,
  redis,
  releases,
  report,
  seconds,
  stateOf,
} from "./work-setup.js";

/** What workers are promised of a lease: docs/workers.md. */

describe("a lease", () => {
  it("brings the job with all that a worker needs, in order, and at most as many as asked for", async () => {
    const queue = freshQueue();
    const ids = await add(queue, 5, { priority: 3, attempts: 4 });
    const jobs = await lease(queue, { maxJobs: 3, lease: seconds(20) });
    expect(jobs.map(({ jobId }) => jobId)).toEqual(ids.slice(0, 3));
    expect(jobs[1]).toMatchObject({
      name: "n",
      dataJson: '{"n":1}',
      attempt: 1,
      attemptsFailed: 0,
      maxAttempts: 4,
      lease: expect.anything(),
      priority: 3,
      progressJson: "0",
      timesLost: 0,
    });
    // Less the time that Redis took.
    expect(Number(jobs[1]?.lease.seconds)).toBeGreaterThanOrEqual(19);
    expect(await redis.pttl(`${posta.prefix}:${queue}:${ids[0]}:lock`)).toBeGreaterThan(15_000);
    expect(await stateOf(queue, ids[0] as string)).toBe("ACTIVE");
    expect(await lease(queue, { maxJobs: 100 })).toHaveLength(2);
    expect(await lease(queue, { maxJobs: 100 })).toEqual([]);
  });

  it("stops at the bytes that its worker takes, but brings one job of any size", async () => {
    const queue = freshQueue();
    const dataJson = JSON.stringify("x".repeat(1000));
    await posta.client.queue("AddJobs", { queue, jobs: Array.from({ length: 4 }, () => ({ name: "n", dataJson })) });
    expect(await lease(queue, { maxJobs: 10, maxBytes: 10 })).toHaveLength(1);
    expect(await lease(queue, { maxJobs: 10, maxBytes: 2600 })).toHaveLength(2);
  });

  it("is the same for a request that is sent again, for as long as one of its leases is held", async () => {
    const queue = freshQueue();
    await add(queue, 5);
    const ask = { maxJobs: 2, requestId: "r-1" };
    // What is left of a lease when it is answered differs.
    const leaseAgain = async (request: object) =>
      (await lease(queue, request)).map((job) => ({ ...job, lease: seconds(30) }));
    const first = await leaseAgain(ask);
    await redis.pexpire(`${posta.prefix}:${queue}:${first[1]?.jobId}:lock`, 1000);
    expect(await leaseAgain(ask)).toEqual(first);
    expect(await redis.pttl(`${posta.prefix}:${queue}:${first[1]?.jobId}:lock`)).toBeGreaterThan(20_000);
    await report(queue, first[0], { complete: {} });
    expect(await leaseAgain(ask)).toEqual([first[1]]);
    const others = await lease(queue, { ...ask, worker: "another" });
    await report(queue, first[1], { complete: {} });
    const next = await lease(queue, ask);
    const seen = [first, others, next].map((jobs) => jobs.map(({ jobId }) => jobId));
    expect(seen.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(new Set(seen.flat()).size).toBe(5);
  });

  it("that has ended begins anew when its request is sent again", async () => {
    const queue = freshQueue();
    await add(queue, 2);
    const ask = { requestId: "r-3" };
    const [first] = (await lease(queue, ask)) as [Held];
    await endLease(queue, first);
    expect((await lease(queue, ask)).map(({ leaseToken }) => leaseToken)).toEqual([first.leaseToken]);
    expect(await redis.pttl(`${posta.prefix}:${queue}:${first.jobId}:lock`)).toBeGreaterThan(20_000);
    await checkLeases();
    expect(await report(queue, first, { complete: {} })).toBe("APPLIED");
  });

  it("that was answered a second time is not put back when the first caller is gone", async () => {
    const queue = freshQueue();
    await add(queue);
    const ask = { requestId: "r-2" };
    const [first] = await lease(queue, ask);
    const [again] = await lease(queue, ask);
    expect(again?.leaseToken).toBe(first?.leaseToken);
    expect(await putBack(queue, first as Held)).toBe("lease-lost");
    expect(await report(queue, again, { complete: {} })).toBe("APPLIED");
  });

  it("of one worker cannot be guessed from that of another", async () => {
    const queue = freshQueue();
    await add(queue, 2);
    const [[one], [two]] = await Promise.all([lease(queue), lease(queue)]);
    const seedOf = (held?: Held) => held?.leaseToken.split(":")[1];
    expect(seedOf(one)).toHaveLength(22);
    expect(seedOf(one)).not.toBe(seedOf(two));
  });

  it("fails a job that fits no answer, instead of blocking the queue with it", async () => {
    const queue = freshQueue();
    const bull = new BullQueue(queue, { connection, prefix: posta.prefix });
    releases.push(() => bull.close());
    const large = await bull.add("n", "x".repeat(5 << 20));
    const small = await bull.add("n", "y");
    expect((await lease(queue, { maxJobs: 5 })).map(({ jobId }) => jobId)).toEqual([small.id]);
    const { job } = await posta.client.queue("GetJob", { queue, jobId: large.id });
    expect(job).toMatchObject({
      state: "JOB_STATE_FAILED",
      failedReason: expect.stringMatching(/over the \d+ that a remote worker can get/),
    });
  });

  it("obeys pause, concurrency and rate of its queue, and so do BullMQ's own workers beside it", async () => {
    const queue = freshQueue();
    await add(queue, 10);
    await posta.client.queue("SetQueueLimits", { queue, limits: { concurrency: 2 } });
    const held = await lease(queue, { maxJobs: 5 });
    expect(held).toHaveLength(2);
    expect(await lease(queue)).toEqual([]);
    expect(await report(queue, held[0], { complete: {} })).toBe("APPLIED");
    expect(await lease(queue, { maxJobs: 5 })).toHaveLength(1);
    await posta.client.queue("SetQueueLimits", { queue, limits: { rate: { max: 3, duration: seconds(60) } } });
    expect(await lease(queue, { maxJobs: 5 })).toHaveLength(3);
    expect(await lease(queue, { maxJobs: 5 })).toEqual([]);
    await posta.client.queue("SetQueueLimits", { queue, limits: {} });
    await posta.client.queue("PauseQueue", { queue });
    expect(await lease(queue, { maxJobs: 5 })).toEqual([]);
    await posta.client.queue("ResumeQueue", { queue });
    expect(await lease(queue, { maxJobs: 5 })).toHaveLength(4);
  });
});

describe("a count of a rate limit that has no end", () => {
  it("stops its queue for the limit's duration, and not for ever", async () => {
    const queue = freshQueue();
    const limiter = `${posta.prefix}:${queue}:limiter`;
    const ids = await add(queue, 3);
    await posta.client.queue("SetQueueLimits", { queue, limits: { rate: { max: 2, duration: seconds(2) } } });
    await redis.set(limiter, 2);
    expect(await lease(queue)).toEqual([]);
    expect(await redis.pttl(limiter)).toBeGreaterThan(0);
    expect(await lease(queue, { wait: seconds(20) })).toMatchObject([{ jobId: ids[0] }]);
  });

  it("goes with its limit's duration, if that is gone, too", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    await posta.client.queue("SetQueueLimits", { queue, limits: { rate: { max: 1, duration: seconds(60) } } });
    await redis.hdel(`${posta.prefix}:${queue}:meta`, "duration");
    await redis.set(`${posta.prefix}:${queue}:limiter`, 1);
    expect(await lease(queue)).toMatchObject([{ jobId: id }]);
  });

  it("is left by neither a lease nor a report", async () => {
    const queue = freshQueue();
    const limiter = `${posta.prefix}:${queue}:limiter`;
    await add(queue, 3);
    await posta.client.queue("SetQueueLimits", { queue, limits: { rate: { max: 3, duration: seconds(60) } } });
    const [held] = await lease(queue, { maxJobs: 2 });
    expect(await redis.pttl(limiter)).toBeGreaterThan(30_000);
    await report(queue, held, { rateLimited: { duration: seconds(90) } });
    expect(await redis.pttl(limiter)).toBeGreaterThan(60_000);
  });
});

describe("the extension of a lease", () => {
  it("keeps a job with its worker, and says which leases are lost", async () => {
    const queue = freshQueue();
    await add(queue, 3);
    const [kept, ended, lost] = (await lease(queue, { maxJobs: 3, lease: seconds(5) })) as [Held, Held, Held];
    await endLease(queue, ended);
    await report(queue, lost, { release: {} });
    const leases = [kept, ended, lost].map(({ jobId, leaseToken }) => ({ jobId, leaseToken }));
    const { results } = await posta.client.worker("ExtendLeases", { queue, leases, lease: seconds(60) });
    expect(results.map(({ held }: { held: boolean }) => held)).toEqual([true, true, false]);
    for (const { jobId } of [kept, ended])
      expect(await redis.pttl(`${posta.prefix}:${queue}:${jobId}:lock`)).toBeGreaterThan(50_000);
    expect(await stateOf(queue, lost.jobId)).toBe("WAITING");
    await checkLeases();
    expect(await stateOf(queue, kept.jobId)).toBe("ACTIVE");
  });
});

describe("a line of jobs that no worker may get", () => {
  it("is emptied into the failed jobs, however long it is, and the next job comes", async () => {
    const queue = freshQueue();
    const ids: string[] = [];
    for (let batch = 0; batch < 5; batch += 1) ids.push(...(await add(queue, 1000)));
    const pipeline = redis.pipeline();
    for (const id of ids) pipeline.hset(`${posta.prefix}:${queue}:${id}`, "defa", "given up");
    await pipeline.exec();
    const [last] = await add(queue);
    const [held] = await lease(queue, { wait: seconds(20) });
    expect(held?.jobId).toBe(last);
    expect((await posta.client.queue("GetQueue", { queue })).queue.counts).toMatchObject({ failed: 5000, active: 1 });
  });
});

describe("a job whose workers die", () => {
  it("goes back in line three times, and then fails", async () => {
    const queue = freshQueue();
    const [id] = await add(queue, 1, { attempts: 10 });
    for (let lost = 0; lost <= 3; lost += 1) {
      const [held] = await lease(queue);
      expect(held).toMatchObject({ jobId: id, timesLost: lost });
      await endLease(queue, held as Held);
      await checkLeases();
    }
    expect(await lease(queue)).toEqual([]);
    const { job } = await posta.client.queue("GetJob", { queue, jobId: id });
    expect(job).toMatchObject({ state: "JOB_STATE_FAILED", failedReason: "job stalled more than allowable limit" });
  });
});

describe("workers of Posta and of BullMQ on one queue", () => {
  it("do each job once, whoever gets it", async () => {
    const queue = freshQueue();
    const done: string[] = [];
    const bull = new Worker(queue, async ({ id }) => void done.push(id as string), {
      connection,
      prefix: posta.prefix,
      concurrency: 5,
    });
    releases.push(() => bull.close());
    const ids = await add(queue, 300);
    const work = async () => {
      for (;;) {
        const jobs = await lease(queue, { maxJobs: 7 });
        if (jobs.length === 0) return;
        const reports = jobs.map(({ jobId, leaseToken }) => ({ jobId, leaseToken, complete: {} }));
        done.push(...jobs.map(({ jobId }) => jobId));
        await posta.client.worker("ReportOutcomes", { queue, reports });
      }
    };
    await Promise.all([work(), work()]);
    await expect.poll(() => done.length).toBe(300);
    expect(done.sort()).toEqual(ids.sort());
    await expect.poll(async () => (await posta.client.queue("GetQueue", { queue })).queue.counts.active).toBe(0);
  });

  it("get a lost job back within one check, whenever BullMQ's workers checked last", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const [held] = await lease(queue);
    await redis.set(`${posta.prefix}:${queue}:stalled-check`, "1", "PX", 30_000);
    await endLease(queue, held as Held);
    await checkLeases();
    expect(await lease(queue)).toMatchObject([{ jobId: id, attempt: 2, timesLost: 1 }]);
  });

  it("continue a schedule", async () => {
    const queue = freshQueue();
    const bull = new BullQueue(queue, { connection, prefix: posta.prefix });
    releases.push(() => bull.close());
    await bull.upsertJobScheduler("hourly", { every: 3_600_000 }, { name: "n", data: { a: 1 } });
    const [held] = await lease(queue, { wait: seconds(5) });
    expect(held).toMatchObject({ dataJson: '{"a":1}' });
    expect(await report(queue, held, { complete: {} })).toBe("APPLIED");
    expect(await bull.getDelayedCount()).toBe(1);
  });
});

describe("a run of a schedule", () => {
  const large = JSON.stringify("x".repeat(5 << 20));
  it.each<[string, Record<string, string>, RegExp]>([
    ["fits no answer", { data: large }, /over the \d+ that a remote worker can get/],
    ["was given up", { defa: "given up" }, /^given up$/],
  ])("that %s fails, and the schedule goes on", async (_, fields, reason) => {
    const queue = freshQueue();
    const bull = new BullQueue(queue, { connection, prefix: posta.prefix });
    releases.push(() => bull.close());
    const run = await bull.upsertJobScheduler("hourly", { every: 3_600_000 }, { name: "n", opts: { attempts: 3 } });
    await redis.hset(`${posta.prefix}:${queue}:${run?.id}`, fields);
    expect(await lease(queue)).toEqual([]);
    const { job } = await posta.client.queue("GetJob", { queue, jobId: run?.id });
    expect(job).toMatchObject({ state: "JOB_STATE_FAILED", failedReason: expect.stringMatching(reason) });
    expect(await countsOf(queue)).toMatchObject({ active: 0, delayed: 1, failed: 1 });
  });

  it("whose data is no JSON continues its schedule with the schedule's data", async () => {
    const queue = freshQueue();
    const bull = new BullQueue(queue, { connection, prefix: posta.prefix });
    releases.push(() => bull.close());
    const run = await bull.upsertJobScheduler("hourly", { every: 3_600_000 }, { name: "n", data: { a: 1 } });
    await redis.hset(`${posta.prefix}:${queue}:${run?.id}`, "data", "{");
    expect(await lease(queue)).toMatchObject([{ jobId: run?.id, dataJson: "{" }]);
    expect((await bull.getDelayed()).map(({ data }) => data)).toEqual([{ a: 1 }]);
  });
});
