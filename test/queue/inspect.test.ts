import { status } from "@grpc/grpc-js";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startServer } from "../support/posta.js";
import { useReleases } from "../support/releases.js";

let posta: Awaited<ReturnType<typeof startServer>>;
const connection = () => ({ path: inject("redisUrl").replace("unix://", "") });
const releases = useReleases();

beforeAll(async () => {
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(() => posta.stop());

const call = (method: string, request: object) => posta.client.queue(method, request);

/** BullMQ's own queue, as any other user of the same Redis has it. */
function bull(queue: string): Queue {
  const own = new Queue(queue, { connection: connection(), prefix: posta.prefix });
  releases.push(() => own.close());
  return own;
}

const ids = (prefix: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(from + index).padStart(3, "0")}`);

async function add(queue: string, wanted: string[], options: object = {}, dataJson = "{}") {
  const jobs = wanted.map((id) => ({ name: "n", dataJson, options: { ...options, id } }));
  await call("AddJobs", { queue, jobs });
}

/** Runs all jobs of a queue by a real worker; those whose name is "bad" fail. Resolves when `count` have finished. */
async function work(queue: string, count: number): Promise<void> {
  const worker = new Worker(
    queue,
    async (job) => {
      if (job.id?.startsWith("bad")) throw new Error("as asked");
      return { done: job.id };
    },
    { connection: connection(), prefix: posta.prefix },
  );
  let finished = 0;
  await new Promise<void>((resolve) => {
    const onFinished = () => {
      finished += 1;
      if (finished === count) resolve();
    };
    worker.on("completed", onFinished);
    worker.on("failed", onFinished);
  });
  await worker.close();
}

/** Writes fields of a job as a worker might. */
async function hset(queue: string, id: string, fields: Record<string, string>): Promise<void> {
  const redis = new Redis(connection());
  await redis.hset(`${posta.prefix}:${queue}:${id}`, fields).finally(() => redis.disconnect());
}

interface Page {
  jobs: { id: string; dataJson: string; state: string }[];
  nextPageToken: string;
}

const page = (queue: string, state: string, rest: object = {}): Promise<Page> =>
  call("ListJobs", { queue, state: `JOB_STATE_${state}`, pageSize: 5, ...rest });

/** All pages of a state, with something done between the pages. */
async function listAll(queue: string, state: string, between: (shown: string[]) => Promise<void> = async () => {}) {
  const shown: string[] = [];
  let pageToken = "";
  do {
    const answer = await page(queue, state, { pageToken });
    shown.push(...answer.jobs.map(({ id }) => id));
    pageToken = answer.nextPageToken;
    if (pageToken) await between(shown);
  } while (pageToken);
  return shown;
}

/** BullMQ's own list of a queue's finished jobs, newest first. */
function finishedBy(queue: string, state: string) {
  return state === "FAILED" ? bull(queue).getFailed() : bull(queue).getCompleted();
}

describe("ListJobs", () => {
  /** How jobs of each state are made, and in which order they are listed. */
  const states: [string, (queue: string, wanted: string[]) => Promise<void>, "as added" | "newest first"][] = [
    ["WAITING", (queue, wanted) => add(queue, wanted), "as added"],
    ["DELAYED", (queue, wanted) => add(queue, wanted, { delay: { seconds: 3600 } }), "as added"],
    ["PRIORITIZED", (queue, wanted) => add(queue, wanted, { priority: 7 }), "as added"],
    ["COMPLETED", (queue, wanted) => add(queue, wanted).then(() => work(queue, wanted.length)), "newest first"],
    [
      "FAILED",
      (queue, wanted) => add(queue, wanted, { attempts: 1 }).then(() => work(queue, wanted.length)),
      "newest first",
    ],
  ];
  const start = (state: string) => (state === "FAILED" ? "bad" : "job");

  it.each(states)("pages through %s jobs, each once and in order", async (state, make, order) => {
    const queue = `pages-${state}`;
    const wanted = ids(start(state), 12);
    await make(queue, wanted);
    const shown = await listAll(queue, state);
    if (order === "as added") expect(shown).toEqual(wanted);
    // Several may finish in the same millisecond, and BullMQ's own order is the measure.
    else expect(shown).toEqual((await finishedBy(queue, state)).map(({ id }) => id));
    expect(shown.toSorted()).toEqual(wanted);
  });

  it.each(states)("misses no %s job and shows none twice while others come and go", async (state, make) => {
    const queue = `busy-${state}`;
    const wanted = ids(start(state), 23);
    await make(queue, wanted);
    let round = 0;
    const shown = await listAll(queue, state, async (soFar) => {
      // The last job shown goes (it marks the place), one shown earlier goes, and new ones come.
      for (const jobId of [soFar.at(-1), soFar.at(-4)]) await call("RemoveJob", { queue, jobId });
      await make(queue, ids(`${start(state)}-new`, 2, 10 * round++));
    });
    expect(new Set(shown).size).toBe(shown.length);
    const old = shown.filter((id) => !id.includes("new"));
    expect(old.toSorted()).toEqual(wanted);
  });

  it("goes on at the right place when workers took what was shown", async () => {
    const wanted = ids("job", 20);
    await add("taken", wanted);
    const worker = new Worker("taken", null, { connection: connection(), prefix: posta.prefix });
    releases.push(() => worker.close());
    const first = await page("taken", "WAITING");
    // All that was shown is taken, and nothing else.
    for (const _ of first.jobs) await worker.getNextJob("token");
    const second = await page("taken", "WAITING", { pageToken: first.nextPageToken });
    expect([...first.jobs, ...second.jobs].map(({ id }) => id)).toEqual(wanted.slice(0, 10));
    const active = await page("taken", "ACTIVE", { pageSize: 10 });
    expect(active.jobs.map(({ id, state }) => [id, state])).toEqual(
      first.jobs.map(({ id }) => [id, "JOB_STATE_ACTIVE"]),
    );
  });

  it("shows no payloads in the BASIC view, and all of them in FULL", async () => {
    await add("views", ["job1"], {}, '{"a": 1}');
    await work("views", 1);
    const [basic] = (await page("views", "COMPLETED")).jobs;
    expect(basic).toMatchObject({ id: "job1", name: "n", dataJson: "", returnValueJson: "" });
    const [full] = (await page("views", "COMPLETED", { view: "JOB_VIEW_FULL" })).jobs;
    expect(full).toMatchObject({
      id: "job1",
      dataJson: '{"a": 1}',
      returnValueJson: '{"done":"job1"}',
      attemptsMade: 1,
    });
  });

  it("shows what a worker reported, and jobs that others wrote badly", async () => {
    await add("reports", ["job1"]);
    await (await bull("reports").getJob("job1"))?.updateProgress({ pct: 42 });
    const redis = new Redis(connection());
    await redis.hset(`${posta.prefix}:reports:job1`, "stacktrace", "no JSON").finally(() => redis.disconnect());
    for (const view of ["JOB_VIEW_BASIC", "JOB_VIEW_FULL"]) {
      const [job] = (await page("reports", "WAITING", { view })).jobs;
      expect(job).toMatchObject({ progressJson: '{"pct":42}', stacktrace: [] });
    }
    expect((await call("GetJob", { queue: "reports", jobId: "job1" })).job.stacktrace).toEqual([]);
  });

  it("ends a FULL page early at 2 MiB, and misses nothing", async () => {
    const wanted = ids("job", 5);
    const half = JSON.stringify("x".repeat(900_000));
    for (const id of wanted) await add("big", [id], {}, half);
    const sizes: number[] = [];
    const shown: string[] = [];
    let pageToken = "";
    do {
      const answer = await page("big", "WAITING", { view: "JOB_VIEW_FULL", pageToken });
      sizes.push(answer.jobs.length);
      shown.push(...answer.jobs.map(({ id }) => id));
      expect(answer.jobs.every(({ dataJson }) => dataJson === half)).toBe(true);
      pageToken = answer.nextPageToken;
    } while (pageToken);
    expect(sizes.slice(0, 3)).toEqual([2, 2, 1]);
    expect(shown).toEqual(wanted);
  });

  it("cuts a job that no client could receive, and says what is cut", async () => {
    await add("huge", ["job1", "job2"], {}, '{"kept":true}');
    const huge = "x".repeat(5 << 20);
    const trace = (attempt: number) => `Error "${attempt}"\n${`at \\","${attempt}"`.repeat(100_000)}`;
    await hset("huge", "job1", {
      returnvalue: JSON.stringify(huge),
      progress: JSON.stringify(huge),
      failedReason: "€".repeat(1 << 20),
      stacktrace: JSON.stringify([1, 2, 3, 4].map(trace)),
    });
    const { job } = await call("GetJob", { queue: "huge", jobId: "job1" });
    expect(job).toMatchObject({ dataJson: '{"kept":true}', returnValueJson: "", progressJson: "" });
    expect(job.failedReason).toBe("€".repeat(1 << 20));
    expect(job.stacktrace).toEqual([]);
    expect(job.cutFields).toEqual(["return_value_json", "progress_json", "stacktrace"]);
    await hset("huge", "job1", { failedReason: "short" });
    const again = (await call("GetJob", { queue: "huge", jobId: "job1" })).job;
    expect(again).toMatchObject({ failedReason: "short", stacktrace: [2, 3, 4].map(trace) });
    await hset("huge", "job1", { failedReason: huge });
    const shown = (await page("huge", "WAITING", { view: "JOB_VIEW_FULL" })).jobs;
    expect(shown).toMatchObject([{ id: "job1", cutFields: expect.arrayContaining(["failed_reason"]) }]);
  });

  it("lists such jobs one on a page, and goes on behind them", async () => {
    await add("many-huge", ids("job", 4));
    for (const id of ids("job", 4)) await hset("many-huge", id, { progress: "1".repeat(5 << 20) });
    const shown = await listAll("many-huge", "WAITING");
    expect(shown).toEqual(ids("job", 4));
  });

  it("shows whole characters of why a job failed", async () => {
    await add("reasons", ["job1"]);
    await hset("reasons", "job1", { failedReason: `x${"€".repeat(1000)}` });
    const [job] = (await page("reasons", "WAITING")).jobs;
    expect(job).toMatchObject({ failedReason: `x${"€".repeat(341)}`, cutFields: [] });
  });

  it("refuses the page token of another queue, or state", async () => {
    for (const queue of ["tokens", "others"]) await add(queue, ids("job", 3));
    const { nextPageToken } = await page("tokens", "WAITING", { pageSize: 1 });
    for (const [queue, state] of [
      ["others", "WAITING"],
      ["tokens", "ACTIVE"],
    ] as const) {
      await expect(page(queue, state, { pageToken: nextPageToken })).rejects.toMatchObject({
        details: "page_token: is not a next_page_token of this list",
      });
    }
  });

  it("answers NOT_FOUND for a queue that is not there", async () => {
    await expect(page("nowhere", "WAITING")).rejects.toMatchObject({ code: status.NOT_FOUND });
  });
});

describe("ListJobLogs", () => {
  it("pages through a job's lines, oldest first", async () => {
    await add("logs", ["job"]);
    const queue = bull("logs");
    const lines = Array.from({ length: 7 }, (_, index) => `line ${index}`);
    for (const line of lines) await queue.addJobLog("job", line);
    const first = await call("ListJobLogs", { queue: "logs", jobId: "job", pageSize: 4 });
    expect(first).toMatchObject({ lines: lines.slice(0, 4), total: 7 });
    await queue.addJobLog("job", "line 7");
    const second = await call("ListJobLogs", {
      queue: "logs",
      jobId: "job",
      pageSize: 4,
      pageToken: first.nextPageToken,
    });
    expect(second).toEqual({ lines: [...lines.slice(4), "line 7"], total: 8, nextPageToken: "" });
  });

  it("ends a page early at 2 MiB, and cuts a line that no client could receive", async () => {
    await add("long-logs", ["job"]);
    const queue = bull("long-logs");
    const long = "l".repeat(900_000);
    const lines = [long, long, "short", "h".repeat(5 << 20), long];
    for (const line of lines) await queue.addJobLog("job", line);
    const pages: string[][] = [];
    let pageToken = "";
    do {
      const answer = await call("ListJobLogs", { queue: "long-logs", jobId: "job", pageToken });
      expect(answer.total).toBe(5);
      pages.push(answer.lines);
      pageToken = answer.nextPageToken;
    } while (pageToken);
    const cut = `${"h".repeat(1 << 20)}... (cut: the line has ${5 << 20} bytes)`;
    expect(pages).toEqual([
      [long, long, "short"],
      [cut, long],
    ]);
  });

  it("pages through more lines than are read at a time", async () => {
    await add("more-logs", ["job"]);
    const queue = bull("more-logs");
    const lines = Array.from({ length: 55 }, (_, index) => `line ${index}`);
    for (const line of lines) await queue.addJobLog("job", line);
    const first = await call("ListJobLogs", { queue: "more-logs", jobId: "job", pageSize: 41 });
    expect(first.lines).toEqual(lines.slice(0, 41));
    const { nextPageToken: pageToken } = first;
    const rest = await call("ListJobLogs", { queue: "more-logs", jobId: "job", pageToken });
    expect(rest).toEqual({ lines: lines.slice(41), total: 55, nextPageToken: "" });
  });

  it("answers an empty page for a job without lines, and NOT_FOUND without a job", async () => {
    await add("no-logs", ["job"]);
    expect(await call("ListJobLogs", { queue: "no-logs", jobId: "job" })).toEqual({
      lines: [],
      total: 0,
      nextPageToken: "",
    });
    await expect(call("ListJobLogs", { queue: "no-logs", jobId: "none" })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });
});

describe("GetQueue", () => {
  it("counts the jobs of each state, and the rates of those that finished", async () => {
    await add("figures", ["good1", "good2", "bad1"], { attempts: 1 });
    await work("figures", 3);
    await add("figures", ids("wait", 4));
    await add("figures", ids("later", 3), { delay: { seconds: 3600 } });
    await add("figures", ids("prio", 2), { priority: 3 });
    const worker = new Worker("figures", null, { connection: connection(), prefix: posta.prefix });
    releases.push(() => worker.close());
    await worker.getNextJob("token");
    const { queue } = await call("GetQueue", { queue: "figures" });
    expect(queue).toMatchObject({
      name: "figures",
      paused: false,
      addedTotal: 12,
      counts: { waiting: 3, active: 1, delayed: 3, prioritized: 2, waitingChildren: 0, completed: 2, failed: 1 },
    });
    // Of the last minute, however lately they ended.
    expect(queue.rates.completedPerSecond).toBeCloseTo(2 / 60, 5);
    expect(queue.rates.failedPerSecond).toBeCloseTo(1 / 60, 5);
  });

  it("tells the age of the oldest job that could run, and nothing if there is none", async () => {
    await add("ages", ["later"], { delay: { seconds: 3600 } });
    expect((await call("GetQueue", { queue: "ages" })).queue.oldestDueAge).toBeNull();
    const minuteAgo = Date.now() - 60_000;
    await bull("ages").add("n", {}, { jobId: "old", timestamp: minuteAgo });
    await add("ages", ["young"]);
    const { oldestDueAge } = (await call("GetQueue", { queue: "ages" })).queue;
    const ageMs = oldestDueAge.seconds * 1000 + oldestDueAge.nanos / 1e6;
    expect(ageMs).toBeGreaterThanOrEqual(60_000);
    expect(ageMs).toBeLessThanOrEqual(Date.now() - minuteAgo);
  });

  it("tells of a pause and of limits that BullMQ's own API has set", async () => {
    await add("limited", ["job"]);
    const queue = bull("limited");
    await queue.pause();
    await queue.setGlobalConcurrency(9);
    await queue.setGlobalRateLimit(5, 1500);
    expect((await call("GetQueue", { queue: "limited" })).queue).toMatchObject({
      paused: true,
      counts: { waiting: 1 },
      limits: { concurrency: 9, rate: { max: 5, duration: { seconds: 1, nanos: 500_000_000 } } },
    });
    // What waits in a paused queue is listed as waiting, as it is counted.
    expect((await page("limited", "WAITING")).jobs.map(({ id }) => id)).toEqual(["job"]);
  });

  it("answers NOT_FOUND for a queue that is not there", async () => {
    await expect(call("GetQueue", { queue: "nowhere" })).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: 'there is no queue "nowhere"',
    });
  });
});

describe("ListQueues", () => {
  it("pages through the queues by name in byte order, while others come and go", async () => {
    const own = await startServer(inject("redisUrl"));
    await own.serving;
    const names = ["Zebra", "ant", "bee", "cat", "dog", "é"];
    try {
      for (const queue of [...names].reverse()) await own.client.queue("AddJob", { queue, job: { name: "n" } });
      const first = await own.client.queue("ListQueues", { pageSize: 2 });
      await own.client.queue("ObliterateQueue", { queue: "ant" });
      await own.client.queue("PauseQueue", { queue: "Aardvark" });
      const second = await own.client.queue("ListQueues", { pageSize: 10, pageToken: first.nextPageToken });
      const shown = [...first.queues, ...second.queues].map(({ name }: { name: string }) => name);
      expect(shown).toEqual(names);
      expect(first.queues[0]).toMatchObject({ name: "Zebra", counts: { waiting: 1 } });
      expect(second.nextPageToken).toBe("");
    } finally {
      await own.stop();
    }
  });
});
