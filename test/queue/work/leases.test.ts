import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { Queue as BullQueue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Keys } from "../../../src/queue/job/keys.js";
import { LostLeases } from "../../../src/queue/work/lost-leases.js";
import { RedisStore } from "../../../src/store/redis/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { startServer } from "../../support/posta.js";
import { useReleases } from "../../support/releases.js";

/** What workers are promised: docs/workers.md. */

const socket = inject("redisUrl").replace("unix://", "");
const connection = { path: socket, maxRetriesPerRequest: null };
const releases = useReleases();

let posta: Awaited<ReturnType<typeof startServer>>;
let redis: Redis;
let queues = 0;
beforeAll(async () => {
  redis = new Redis({ path: socket });
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(async () => {
  await posta?.stop();
  redis?.disconnect();
});

const freshQueue = () => `leased-${++queues}`;
const seconds = (count: number) => ({ seconds: count, nanos: 0 });

interface Held {
  jobId: string;
  leaseToken: string;
  attempt: number;
  dataJson: string;
}

async function add(queue: string, count = 1, options: object = {}): Promise<string[]> {
  const jobs = Array.from({ length: count }, (_, n) => ({ name: "n", dataJson: JSON.stringify({ n }), options }));
  const { results } = await posta.client.queue("AddJobs", { queue, jobs });
  return results.map(({ jobId }: { jobId: string }) => jobId);
}

async function lease(queue: string, request: object = {}): Promise<Held[]> {
  return (await posta.client.worker("LeaseJobs", { queue, worker: "w", ...request })).jobs;
}

async function report(queue: string, held: Held | undefined, outcome: object): Promise<string> {
  const { jobId, leaseToken } = held as Held;
  const { results } = await posta.client.worker("ReportOutcomes", {
    queue,
    reports: [{ jobId, leaseToken, ...outcome }],
  });
  const [{ verdict, error }] = results;
  return error ? `${error.code}: ${error.message}` : verdict.replace("REPORT_VERDICT_", "");
}

const stateOf = async (queue: string, jobId: string) =>
  (await posta.client.queue("GetJob", { queue, jobId })).job.state.replace("JOB_STATE_", "");

/** Lets a lease end now, as if its time had passed. */
const endLease = (queue: string, { jobId }: Held) => redis.del(`${posta.prefix}:${queue}:${jobId}:lock`);

/** The delivery process's check, which finds a job in its second run. */
async function checkLeases(): Promise<void> {
  const log = createLog("test", "silent");
  const url = inject("redisUrl");
  const options = {
    url,
    variable: "v",
    name: "the queue's store",
    prefix: posta.prefix,
    timeoutMs: 5000,
    durable: false,
  } as const;
  const store = new RedisStore(options, log);
  store.open();
  await new Promise<void>((resolve) => store.on("usable", () => resolve()));
  const lost = new LostLeases(store, new Keys(posta.prefix), log);
  try {
    for (const _ of ["marks what is active", "finds what has no lock"]) {
      await lost.putBack();
      for (const key of await redis.keys(`${posta.prefix}:*:stalled-check`)) await redis.del(key);
    }
  } finally {
    await store.close();
  }
}

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
      lease: { seconds: 20, nanos: 0 },
      priority: 3,
      progressJson: "0",
      timesLost: 0,
    });
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

describe("a worker that waits", () => {
  it("gets a job as soon as one is added, by Posta or by BullMQ", async () => {
    const queue = freshQueue();
    const begun = performance.now();
    const waiting = lease(queue, { wait: seconds(20) });
    await expect.poll(waitingCalls).toBe(1);
    const [id] = await add(queue);
    expect((await waiting).map(({ jobId }) => jobId)).toEqual([id]);
    const bull = new BullQueue(queue, { connection, prefix: posta.prefix });
    releases.push(() => bull.close());
    const next = lease(queue, { wait: seconds(20) });
    await expect.poll(waitingCalls).toBe(1);
    const { id: bullId } = await bull.add("n", 1);
    expect((await next).map(({ jobId }) => jobId)).toEqual([bullId]);
    expect(performance.now() - begun).toBeLessThan(8000); // Woken, not by the next look after 10 s.
  });

  it("gets a delayed job when it is due, also where another queue is watched already", async () => {
    const [other, queue] = [freshQueue(), freshQueue()];
    const first = lease(other, { wait: seconds(20) });
    await expect.poll(waitingCalls).toBe(1);
    const [id] = await add(queue, 1, { delay: { seconds: 0, nanos: 400e6 } });
    const [job] = await lease(queue, { wait: seconds(9) });
    expect(job?.jobId).toBe(id);
    await add(other);
    expect(await first).toHaveLength(1);
  });

  it("among many: each gets one of the jobs, and those without get none at the end of their time", async () => {
    const queue = freshQueue();
    const waiting = Array.from({ length: 20 }, () => lease(queue, { wait: seconds(3) }));
    await expect.poll(waitingCalls).toBe(20);
    const ids = await add(queue, 12);
    const got = (await Promise.all(waiting)).flat().map(({ jobId }) => jobId);
    expect(got.sort()).toEqual(ids.sort());
    expect(await waitingCalls()).toBe(0);
  });

  it("who went away gives the job back at once", async () => {
    const queue = freshQueue();
    const gone = lease(queue, { wait: seconds(20) }).catch(({ code }) => code);
    await expect.poll(waitingCalls).toBe(1);
    const other = await startServer(inject("redisUrl"), { POSTA_QUEUE_PREFIX: posta.prefix });
    releases.push(() => other.stop());
    await other.serving;
    const cancelled = other.client.worker("LeaseJobs", { queue, worker: "w", wait: seconds(20) }, { deadlineMs: 300 });
    expect(await cancelled.catch(({ code }) => code)).toMatchObject({ jobs: [] });
    const [id] = await add(queue);
    expect(await gone).toMatchObject([{ jobId: id }]);
  });

  it("leaves no trace when it has gone away: its place is free, and the next job goes to who still waits", async () => {
    const queue = freshQueue();
    const request = { queue, worker: "gone", wait: seconds(40) };
    const gone = [1, 2, 3].map(() => posta.client.cancellable("posta.queue.v1.WorkerService", "LeaseJobs", request));
    await expect.poll(waitingCalls).toBe(3);
    for (const cancel of gone) cancel();
    const begun = performance.now();
    const waiting = lease(queue, { wait: seconds(20) });
    const [id] = await add(queue);
    expect((await waiting).map(({ jobId }) => jobId)).toEqual([id]);
    expect(performance.now() - begun).toBeLessThan(6000); // Not by the next look after 10 s.
    await expect.poll(waitingCalls).toBe(0);
  });

  it("is answered at once when its server stops", async () => {
    const other = await startServer(inject("redisUrl"));
    await other.serving;
    const waiting = other.client.worker(
      "LeaseJobs",
      { queue: "q", worker: "w", wait: seconds(40) },
      { deadlineMs: 50_000 },
    );
    await expect.poll(async () => gaugeOf(other, "posta_work_waiting_calls")).toBe(1);
    const begun = performance.now();
    await Promise.all([other.stop(), expect(waiting).resolves.toEqual({ jobs: [] })]);
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});

const waitingCalls = () => gaugeOf(posta, "posta_work_waiting_calls");
async function gaugeOf({ metrics }: Awaited<ReturnType<typeof startServer>>, name: string): Promise<number> {
  return Number((await metrics.getSingleMetric(name)?.get())?.values[0]?.value);
}

describe("a report", () => {
  it.each<[string, object, string]>([
    ["complete", { complete: { returnValueJson: "1" } }, "COMPLETED"],
    ["failed for good", { fail: { message: "m", unrecoverable: true } }, "FAILED"],
    ["failed, to be tried later", { fail: { message: "m", retryDelay: seconds(60) } }, "DELAYED"],
    ["failed, to be tried now", { fail: { message: "m", retryDelay: seconds(0) } }, "WAITING"],
    ["released", { release: {} }, "WAITING"],
    ["postponed", { postpone: { delay: seconds(60) } }, "DELAYED"],
    ["rate-limited", { rateLimited: { duration: seconds(60) } }, "WAITING"],
  ])("that a job is %s is applied once, and known when it comes again", async (_, outcome, state) => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const [held] = await lease(queue);
    expect(await report(queue, held, outcome)).toBe("APPLIED");
    expect(await report(queue, held, outcome)).toBe("ALREADY_APPLIED");
    expect(await stateOf(queue, id as string)).toBe(state);
  });

  it("of a job that is removed at once is known when it comes again", async () => {
    const queue = freshQueue();
    await add(queue, 1, { keepOnComplete: { count: 0 } });
    const [held] = await lease(queue);
    expect(await report(queue, held, { complete: {} })).toBe("APPLIED");
    expect(await report(queue, held, { complete: {} })).toBe("ALREADY_APPLIED");
  });

  it("after the lease has ended is applied while nobody has taken the job", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const [held] = await lease(queue);
    await endLease(queue, held as Held);
    expect(await report(queue, held, { complete: { returnValueJson: '"late"' } })).toBe("APPLIED");
    expect(await stateOf(queue, id as string)).toBe("COMPLETED");
  });

  it("is lost once the job is in line again, or with another worker", async () => {
    const queue = freshQueue();
    await add(queue);
    const [first] = await lease(queue);
    await endLease(queue, first as Held);
    await checkLeases();
    expect(await report(queue, first, { complete: {} })).toBe("LEASE_LOST");
    const [second] = await lease(queue);
    expect(second).toMatchObject({ jobId: first?.jobId, attempt: 2, timesLost: 1 });
    expect(await report(queue, first, { complete: {} })).toBe("LEASE_LOST");
    expect(await report(queue, second, { complete: {} })).toBe("APPLIED");
    expect(await report(queue, first, { fail: { message: "late" } })).toBe("LEASE_LOST");
  });

  it("among many fails alone, each with the path of its field", async () => {
    const queue = freshQueue();
    await add(queue, 2);
    const [one, two] = await lease(queue, { maxJobs: 2 });
    const { jobId, leaseToken } = one as Held;
    const reports = [
      { jobId, leaseToken },
      { jobId, leaseToken, complete: { returnValueJson: "{" } },
      { jobId, leaseToken: "posta:guess", complete: {} },
      { jobId: two?.jobId, leaseToken: two?.leaseToken, complete: {} },
      { jobId, leaseToken, postpone: {} },
    ];
    const { results } = await posta.client.worker("ReportOutcomes", { queue, reports });
    const shown = results.map(({ verdict, error }: { verdict: string; error: { message: string } | null }) =>
      error ? error.message : verdict,
    );
    expect(shown).toEqual([
      expect.stringMatching(/^reports\[0\]\.outcome: is required/),
      expect.stringMatching(/^reports\[1\]\.complete\.return_value_json: is not JSON/),
      expect.stringMatching(/^reports\[2\]\.lease_token: "posta:guess" is no token/),
      "REPORT_VERDICT_APPLIED",
      expect.stringMatching(/^reports\[4\]\.postpone\.delay: is required/),
    ]);
  });

  it("by another job's token, or a token that was made up, changes nothing", async () => {
    const queue = freshQueue();
    await add(queue, 2);
    const [one, two] = (await lease(queue, { maxJobs: 2 })) as [Held, Held];
    expect(await report(queue, { ...one, leaseToken: two.leaseToken }, { complete: {} })).toBe("LEASE_LOST");
    const madeUp = `posta:${"A".repeat(22)}:1:1`;
    expect(await report(queue, { ...one, leaseToken: madeUp }, { complete: {} })).toBe("LEASE_LOST");
    expect(await report(queue, { ...one, jobId: "none" }, { complete: {} })).toBe("LEASE_LOST");
    expect(await stateOf(queue, one.jobId)).toBe("ACTIVE");
  });

  it.each(["events", "active", "meta", "wait", "<id>:lock", "completed"])(
    "on %j, which is another key of the queue, harms no other of its batch",
    async (key) => {
      const queue = freshQueue();
      const [id, done] = await add(queue, 2);
      const [one, two] = (await lease(queue, { maxJobs: 2 })) as [Held, Held];
      const odd = { jobId: key.replace("<id>", id as string), leaseToken: one.leaseToken };
      await redis.zadd(`${posta.prefix}:${queue}:completed`, 1, "x");
      const reports = [
        { ...two, complete: {} },
        { ...odd, complete: {} },
        { ...odd, fail: {} },
      ].map(({ jobId, leaseToken, ...outcome }) => ({ jobId, leaseToken, ...outcome }));
      const { results } = await posta.client.worker("ReportOutcomes", { queue, reports });
      expect(results.map(({ verdict }: { verdict: string }) => verdict.replace("REPORT_VERDICT_", ""))).toEqual([
        "APPLIED",
        "LEASE_LOST",
        "LEASE_LOST",
      ]);
      expect(await stateOf(queue, done as string)).toBe("COMPLETED");
      const leases = [odd, { jobId: one.jobId, leaseToken: one.leaseToken }];
      const extended = await posta.client.worker("ExtendLeases", { queue, leases });
      expect(extended.results.map(({ held }: { held: boolean }) => held)).toEqual([false, true]);
    },
  );

  it.each([
    '{"attempts":"3"}',
    '{"attempts":null,"removeOnComplete":{"count":"5"},"removeOnFail":{"age":null}}',
    "{",
    '"text"',
    '{"backoff":{"type":"exponential","delay":1e300},"attempts":9,"stackTraceLimit":"1"}',
  ])("on a job with the odd options %s settles it and the others", async (opts) => {
    const queue = freshQueue();
    const ids = await add(queue, 3);
    const held = await lease(queue, { maxJobs: 3 });
    for (const id of ids) await redis.hset(`${posta.prefix}:${queue}:${id}`, { opts, stacktrace: "[broken" });
    const [one, two, three] = held.map(({ jobId, leaseToken }) => ({ jobId, leaseToken }));
    const reports = [
      { ...one, complete: {} },
      { ...two, fail: { message: "m", stack: "s" } },
      { ...three, fail: { message: "m", unrecoverable: true } },
    ];
    const { results } = await posta.client.worker("ReportOutcomes", { queue, reports });
    expect(results.map(({ verdict }: { verdict: string }) => verdict)).toEqual(Array(3).fill("REPORT_VERDICT_APPLIED"));
    const states = await Promise.all(ids.map((id) => stateOf(queue, id)));
    expect(states).not.toContain("ORPHANED");
    expect(states).not.toContain("ACTIVE");
  });

  it("on the others of a run counts, though a job that fails at once in the same run is broken", async () => {
    const queue = freshQueue();
    const [broken, odd, gone, fine] = await add(queue, 4);
    const keyOf = (id?: string) => `${posta.prefix}:${queue}:${id}`;
    await redis.hset(keyOf(broken), { defa: "given up", parent: "{", parentKey: "x" });
    await redis.hset(keyOf(odd), { defa: "given up" });
    await redis.del(keyOf(gone));
    await redis.set(keyOf(gone), "no hash");
    await redis.hset(keyOf(fine), { timestamp: "9e300", priority: "x" });
    const jobs = await lease(queue, { maxJobs: 4 });
    expect(jobs).toMatchObject([{ jobId: fine, createTime: null, priority: 0 }]);
    expect(await stateOf(queue, odd as string)).toBe("FAILED");
    expect(await stateOf(queue, broken as string)).toBe("ACTIVE");
    expect(await report(queue, jobs[0], { complete: {} })).toBe("APPLIED");
  });

  it("on a job that cannot be settled says so, and leaves it with its worker and the others settled", async () => {
    const queue = freshQueue();
    const [broken, fine] = await add(queue, 2);
    const held = await lease(queue, { maxJobs: 2 });
    await redis.hset(`${posta.prefix}:${queue}:${broken}`, { parent: "{", parentKey: "x" });
    const reports = held.map(({ jobId, leaseToken }) => ({ jobId, leaseToken, complete: {} }));
    const { results } = await posta.client.worker("ReportOutcomes", { queue, reports });
    expect(results[0].error).toMatchObject({ code: status.INTERNAL, message: expect.stringMatching(/is broken/) });
    expect(await stateOf(queue, broken as string)).toBe("ACTIVE");
    expect(await stateOf(queue, fine as string)).toBe("COMPLETED");
    expect(await report(queue, held[0], { release: {} })).toBe("APPLIED");
  });

  it("keeps only the beginning of a very long message and stack", async () => {
    const queue = freshQueue();
    const [id] = await add(queue, 1, { attempts: 1 });
    const [held] = await lease(queue);
    const fail = { message: "m".repeat(100_000), stack: "s".repeat(100_000) };
    expect(await report(queue, held, { fail })).toBe("APPLIED");
    const { job } = await posta.client.queue("GetJob", { queue, jobId: id });
    expect(job.failedReason).toHaveLength(16 << 10);
    expect(job.stacktrace[0]).toHaveLength(64 << 10);
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

describe("who may work", () => {
  it("is said by the caller's grants, apart from who may add", async () => {
    const hash = (token: string) => createHash("sha256").update(token).digest("hex");
    const file = join(tmpdir(), `posta-workers-${process.pid}`);
    writeFileSync(file, `producer ${hash("p")} queue:*\nworker ${hash("w")} work:mail*\nboth ${hash("b")} *\n`);
    const guarded = await startServer(inject("redisUrl"), { POSTA_AUTH_FILE: file });
    releases.push(() => guarded.stop());
    await guarded.serving;
    const call = (token: string, queue: string) => {
      const metadata = { authorization: `Bearer ${token}` };
      const request = { queue, worker: "w" };
      return guarded.client.worker("LeaseJobs", request, { metadata }).then(
        () => status.OK,
        ({ code }) => code,
      );
    };
    expect(await call("p", "mails")).toBe(status.PERMISSION_DENIED);
    expect(await call("w", "mails")).toBe(status.OK);
    expect(await call("w", "other")).toBe(status.PERMISSION_DENIED);
    expect(await call("b", "other")).toBe(status.OK);
    expect(await call("none", "mails")).toBe(status.UNAUTHENTICATED);
  });

  it.each<[string, object, RegExp]>([
    ["no worker", { worker: "" }, /^worker: is required/],
    ["no queue", { queue: "" }, /^queue: is required/],
    ["one of Posta's own queues", { queue: "posta-x" }, /^queue: "posta-x" is reserved/],
    ["no job", { maxJobs: 0 }, /^max_jobs: 0 is under 1/],
    ["too many jobs", { maxJobs: 101 }, /^max_jobs: 101 is over 100/],
    ["a lease that is too short", { lease: { seconds: 0, nanos: 1e6 } }, /^lease: 1 ms is under 1000 ms/],
    ["a wait that is too long", { wait: seconds(51) }, /^wait: 51000 ms is over 50000 ms/],
    ["no bytes", { maxBytes: 0 }, /^max_bytes: 0 is under 1/],
  ])("with %s gets an error that names the field", async (_, request, message) => {
    const error = await posta.client
      .worker("LeaseJobs", { queue: "q", worker: "w", ...request })
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringMatching(message) });
  });

  it("may work over HTTP, too", async () => {
    const queue = freshQueue();
    await add(queue);
    const call = async (method: string, body: object) => {
      const url = `${posta.httpUrl}/posta.queue.v1.WorkerService/${method}`;
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return answer.json() as Promise<Record<string, Record<string, string>[]>>;
    };
    const { jobs = [] } = await call("LeaseJobs", { queue, worker: "w", wait: "1s" });
    const [{ jobId, leaseToken } = {}] = jobs;
    const { results } = await call("ReportOutcomes", {
      queue,
      reports: [{ jobId, leaseToken, complete: { returnValueJson: "{}" } }],
    });
    expect(results).toEqual([{ jobId, verdict: "REPORT_VERDICT_APPLIED" }]);
  });
});
