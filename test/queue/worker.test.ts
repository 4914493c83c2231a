import { type Job, Worker, type WorkerOptions } from "bullmq";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { startServer } from "../support/posta.js";

/** An unmodified BullMQ Worker does what the caller of Posta asked for. */

let posta: Awaited<ReturnType<typeof startServer>>;
let workers: Worker[] = [];
let queues = 0;

beforeAll(async () => {
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  workers = [];
});
afterAll(() => posta?.stop());

const freshQueue = () => `work-${++queues}`;
const duration = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });

/** With a connection of its own. It only polls every five minutes: whoever adds a job has to wake it. */
function work(queue: string, process: (job: Job) => Promise<unknown>, options: Partial<WorkerOptions> = {}): Worker {
  const connection = { path: inject("redisUrl").replace("unix://", ""), maxRetriesPerRequest: null };
  const worker = new Worker(queue, process, { connection, prefix: posta.prefix, drainDelay: 300, ...options });
  workers.push(worker);
  return worker;
}

/** Works off the queue one by one; resolves to the data of the first `count` jobs, in the order in which they ran. */
function dataOf(queue: string, count: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  return new Promise((resolve) => {
    const worker = work(queue, async ({ data }) => {
      seen.push(data);
    });
    worker.on("completed", () => seen.length === count && resolve(seen));
  });
}

async function add(queue: string, data: unknown, options: object = {}): Promise<string> {
  const { jobId } = await posta.client.queue("AddJob", {
    queue,
    job: { name: "n", dataJson: JSON.stringify(data), options },
  });
  return jobId;
}

async function jobOf(queue: string, jobId: string) {
  const { job } = await posta.client.queue("GetJob", { queue, jobId });
  return job;
}

/** Resolves when the job has left the worker for good. */
function untilFinished(worker: Worker, jobId: string): Promise<void> {
  return new Promise((resolve) => {
    worker.on("completed", (job) => job.id === jobId && resolve());
    worker.on("failed", (job) => job?.id === jobId && job.finishedOn && resolve());
  });
}

const toMs = ({ seconds, nanos }: { seconds: number; nanos: number }) => seconds * 1000 + nanos / 1e6;

describe("order", () => {
  it("is that of the adds, across single adds and batches", async () => {
    const queue = freshQueue();
    await add(queue, 0);
    const jobs = Array.from({ length: 250 }, (_, n) => ({ name: "n", dataJson: String(n + 1) }));
    await posta.client.queue("AddJobs", { queue, jobs });
    await add(queue, 251);
    expect(await dataOf(queue, 252)).toEqual(Array.from({ length: 252 }, (_, n) => n));
  });

  it("is that of the calls, when a client does not wait for the answers", async () => {
    const queue = freshQueue();
    await Promise.all(Array.from({ length: 300 }, (_, n) => add(queue, n)));
    expect(await dataOf(queue, 300)).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it("begins with the last of the jobs that ask for the front", async () => {
    const queue = freshQueue();
    for (const [data, lifo] of [
      ["a", false],
      ["b", true],
      ["c", true],
      ["d", false],
    ] as const)
      await add(queue, data, { lifo });
    expect(await dataOf(queue, 4)).toEqual(["c", "b", "a", "d"]);
  });

  it("goes by priority, first come first served within one, and jobs without one come first", async () => {
    const queue = freshQueue();
    const order: [string, number][] = [
      ["p3", 3],
      ["p1 first", 1],
      ["last", 2_097_151],
      ["p1 second", 1],
      ["none", 0],
      ["p2", 2],
    ];
    for (const [data, priority] of order) await add(queue, data, { priority });
    expect(await dataOf(queue, 6)).toEqual(["none", "p1 first", "p1 second", "p2", "p3", "last"]);
  });
});

describe("a worker that waits", () => {
  it.each([
    ["a job in line", {}],
    ["a job with a priority", { priority: 4 }],
    ["a job that becomes due", { delay: duration(50) }],
    ["a job with deduplication", { deduplication: { id: "only" } }],
  ])("is woken by %s", async (_, options) => {
    const queue = freshQueue();
    const processed: unknown[] = [];
    const worker = work(queue, async ({ data }) => processed.push(data));
    const idle = new Promise<void>((resolve) => worker.once("drained", resolve));
    await add(queue, "before");
    await idle;
    await add(queue, "then", options);
    await expect.poll(() => processed, { interval: 10 }).toEqual(["before", "then"]);
  });
});

describe("a delayed job", () => {
  it("runs when it is due and not before, after what can run now", async () => {
    const queue = freshQueue();
    const lateId = await add(queue, "late", { delay: duration(200) });
    const soonId = await add(queue, "soon", { delay: duration(100) });
    await add(queue, "now");
    expect((await jobOf(queue, lateId)).state).toBe("JOB_STATE_DELAYED");
    expect(await dataOf(queue, 3)).toEqual(["now", "soon", "late"]);
    for (const [jobId, delayMs] of [
      [lateId, 200],
      [soonId, 100],
    ] as const) {
      const { createTime, processTime } = await jobOf(queue, jobId);
      expect(toMs(processTime) - toMs(createTime)).toBeGreaterThanOrEqual(delayMs);
    }
  });
});

describe("attempts", () => {
  /** Runs one job whose first `failures` attempts fail; answers the waits between attempts too. */
  async function run(options: object, failures: number) {
    const queue = freshQueue();
    const waits: number[] = [];
    let failedAt = 0;
    const worker = work(queue, async ({ attemptsMade }) => {
      if (failedAt > 0) waits.push(Date.now() - failedAt);
      if (attemptsMade >= failures) return { fine: true };
      failedAt = Date.now();
      throw new Error(`failure ${attemptsMade + 1}`);
    });
    const jobId = await add(queue, null, { id: "the-job", ...options });
    await untilFinished(worker, jobId);
    return { job: await jobOf(queue, jobId), waits };
  }
  const backoff = (type: string, ms: number) => ({ type: `BACKOFF_TYPE_${type}`, delay: duration(ms) });

  it("go on after two failures until the job completes, with a fixed wait between", async () => {
    const { job, waits } = await run({ attempts: 3, backoff: backoff("FIXED", 60) }, 2);
    expect(job).toMatchObject({ state: "JOB_STATE_COMPLETED", attemptsMade: 3, returnValueJson: '{"fine":true}' });
    expect(waits).toHaveLength(2);
    for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(60);
  });

  it("wait twice as long each time when the backoff is exponential", async () => {
    const { waits } = await run({ attempts: 4, backoff: backoff("EXPONENTIAL", 30) }, 3);
    expect(waits).toHaveLength(3);
    for (const [at, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(30 * 2 ** at);
  });

  it("end in failure after the last", async () => {
    const { job } = await run({ attempts: 2, backoff: backoff("FIXED", 1) }, 9);
    expect(job).toMatchObject({ state: "JOB_STATE_FAILED", attemptsMade: 2, failedReason: "failure 2" });
    expect(job.stacktrace).toHaveLength(2);
  });

  it("are three for a job that says nothing of them", async () => {
    const { job } = await run({ backoff: backoff("FIXED", 1) }, 9);
    expect(job).toMatchObject({ state: "JOB_STATE_FAILED", attemptsMade: 3 });
  });
});

describe("data", () => {
  it.each([
    ["an object", { to: "äöü 🚚", nested: { list: [1, 2.5, null, true], empty: {} } }],
    ["a string", 'with "quotes" and \u2028'],
    ["an empty list", []],
    ["null", null],
  ])("arrives as given: %s", async (_, data) => {
    const queue = freshQueue();
    await add(queue, data);
    expect(await dataOf(queue, 1)).toEqual([data]);
  });

  it("arrives as {} where there is none, under the job's name and id", async () => {
    const queue = freshQueue();
    await posta.client.queue("AddJob", { queue, job: { name: "näme", options: { id: "its-id" } } });
    const job = await new Promise<Job>((resolve) => work(queue, async (given) => resolve(given)));
    expect(job).toMatchObject({ id: "its-id", name: "näme", data: {} });
  });
});

describe("retention", () => {
  it("removes a finished job at once, or keeps the last few", async () => {
    const queue = freshQueue();
    const goneId = await add(queue, 1, { keepOnComplete: { count: 0 } });
    const oldId = await add(queue, 2, { keepOnComplete: { count: 1 } });
    const lastId = await add(queue, 3, { keepOnComplete: { count: 1 } });
    await dataOf(queue, 3);
    await expect(jobOf(queue, goneId)).rejects.toMatchObject({ code: 5 });
    await expect(jobOf(queue, oldId)).rejects.toMatchObject({ code: 5 });
    expect((await jobOf(queue, lastId)).state).toBe("JOB_STATE_COMPLETED");
  });
});
