import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startServer } from "../../support/posta.js";
import { startRedis } from "../../support/redis.js";
import { useReleases } from "../../support/releases.js";

/** The session of a worker, from outside: docs/workers.md. */

type Server = Awaited<ReturnType<typeof startServer>>;

const releases = useReleases();
let posta: Server;
let redis: Redis;
let queues = 0;
beforeAll(async () => {
  redis = new Redis({ path: inject("redisUrl").replace("unix://", "") });
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(async () => {
  await posta?.stop();
  redis?.disconnect();
});

const freshQueue = () => `session-${++queues}`;
const seconds = (count: number) => ({ seconds: count, nanos: 0 });

interface Job {
  jobId: string;
  leaseToken: string;
  attempt: number;
}

// biome-ignore lint/suspicious/noExplicitAny: messages of every kind; each test asserts the shape that it needs.
type Message = any;

/** A session of a client, with all that it was sent. */
function open(server: Server = posta) {
  const stream = server.client.stream("posta.queue.v1.WorkerService", "Work");
  const got: Message[] = [];
  stream.on("data", (message) => got.push(message));
  const ended = new Promise<{ code: number; details: string }>((resolve) => stream.on("status", resolve));
  stream.on("error", () => {});
  releases.push(() => stream.cancel());
  const find = (kind: string) => got.filter(({ message }) => message === kind).map((message) => message[kind]);
  const until = async (kind: string, count = 1) => {
    await expect.poll(() => find(kind).length, { timeout: 8000 }).toBeGreaterThanOrEqual(count);
    return find(kind);
  };
  return {
    stream,
    ended,
    find,
    until,
    jobs: () => find("assign").flatMap(({ jobs }) => jobs as Job[]),
    hello: (queue: string, maxInFlight: number, rest: object = {}) =>
      stream.write({ hello: { worker: "w", credits: [{ queue, maxInFlight }], ...rest } }),
    ack: () => stream.write({ heartbeat: { ackSequence: find("assign").at(-1)?.sequence ?? 0 } }),
    report: (queue: string, { jobId, leaseToken }: Job, outcome: object, reportId = 1) =>
      stream.write({ reports: { reports: [{ reportId, queue, report: { jobId, leaseToken, ...outcome } }] } }),
    async acks(count = 1) {
      await expect.poll(() => find("acks").flatMap(({ acks }) => acks).length).toBeGreaterThanOrEqual(count);
      return find("acks").flatMap(({ acks }) => acks) as Message[];
    },
  };
}

async function add(queue: string, count = 1): Promise<string[]> {
  const jobs = Array.from({ length: count }, () => ({ name: "n" }));
  const { results } = await posta.client.queue("AddJobs", { queue, jobs });
  return results.map(({ jobId }: Job) => jobId);
}

const openSessions = async () => (await posta.metrics.getSingleMetric("posta_work_sessions")?.get())?.values[0]?.value;
const countsOf = async (queue: string) => (await posta.client.queue("GetQueue", { queue })).queue.counts;

describe("a session", () => {
  it("brings jobs as they come, never more than the worker has room for, and the next as one is reported", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 2);
    const [welcome] = await session.until("welcome");
    expect(welcome).toEqual({ heartbeatInterval: seconds(10), lost: [] });
    const ids = await add(queue, 5);
    await expect.poll(() => session.jobs().length).toBe(2);
    session.report(queue, session.jobs()[0] as Job, { complete: { returnValueJson: "1" } }, 7);
    expect(await session.acks()).toEqual([
      { reportId: 7, result: { jobId: ids[0], verdict: "REPORT_VERDICT_APPLIED", error: null } },
    ]);
    await expect.poll(() => session.jobs().length).toBe(3);
    expect(session.jobs().map(({ jobId }) => jobId)).toEqual(ids.slice(0, 3));
    expect(session.find("assign").map(({ sequence }) => sequence)).toEqual(
      [...session.find("assign").keys()].map((n) => n + 1),
    );
    expect(await countsOf(queue)).toMatchObject({ active: 2, waiting: 2, completed: 1 });
  });

  it("changes how much its worker takes, and adds queues", async () => {
    const [queue, other] = [freshQueue(), freshQueue()];
    await add(queue, 3);
    await add(other, 1);
    const session = open();
    session.hello(queue, 0);
    await session.until("welcome");
    session.stream.write({ credit: { queue: other, maxInFlight: 1 } });
    await expect.poll(() => session.jobs().length).toBe(1);
    session.stream.write({ credit: { queue, maxInFlight: 2 } });
    await expect.poll(() => session.jobs().length).toBe(3);
    expect(await countsOf(queue)).toMatchObject({ active: 2, waiting: 1 });
  });

  it("extends by its heartbeats what its worker has acknowledged, and tells what is lost", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 3, { lease: seconds(3) });
    await add(queue, 2);
    await expect.poll(() => session.jobs().length).toBe(2);
    const [kept, lost] = session.jobs() as [Job, Job];
    const lockOf = ({ jobId }: Job) => `${posta.prefix}:${queue}:${jobId}:lock`;
    await redis.set(lockOf(lost), "another's");
    await redis.pexpire(lockOf(kept), 1000);
    session.ack();
    expect(await session.until("pong")).toEqual([{ ackSequence: session.find("assign").at(-1).sequence }]);
    // The acknowledgement itself comes too soon after the lease to extend it: that would cost all leases at each job.
    expect(await redis.pttl(lockOf(kept))).toBeLessThan(1001);
    await expect
      .poll(() => {
        session.ack();
        return session.find("lost");
      })
      .toEqual([{ leases: [{ queue, jobId: lost.jobId, leaseToken: lost.leaseToken }] }]);
    expect(await redis.pttl(lockOf(kept))).toBeGreaterThan(2000);
    session.report(queue, lost, { complete: {} });
    expect((await session.acks())[0].result.verdict).toBe("REPORT_VERDICT_LEASE_LOST");
  });

  it("that breaks leaves acknowledged jobs with their worker, and puts the others back at once", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1);
    const [acked] = await add(queue);
    await expect.poll(() => session.jobs().length).toBe(1);
    session.ack();
    await session.until("pong");
    session.stream.write({ credit: { queue, maxInFlight: 2 } });
    const [unseen] = await add(queue);
    await expect.poll(() => session.jobs().length).toBe(2);
    const [held] = session.jobs() as [Job];
    session.stream.cancel();
    await expect.poll(() => countsOf(queue)).toMatchObject({ active: 1, waiting: 1 });

    const elsewhere = await startServer(inject("redisUrl"), { POSTA_QUEUE_PREFIX: posta.prefix });
    releases.push(() => elsewhere.stop());
    await elsewhere.serving;
    const next = open(elsewhere);
    const resume = [
      { queue, jobId: held.jobId, leaseToken: held.leaseToken },
      { queue, jobId: unseen, leaseToken: held.leaseToken },
    ];
    next.hello(queue, 1, { resume });
    const [welcome] = await next.until("welcome");
    expect(welcome.lost).toEqual([resume[1]]);
    await sleep(100); // The resumed job fills the worker's only place.
    expect(next.jobs()).toEqual([]);
    next.report(queue, held, { complete: {} });
    expect((await next.acks())[0].result).toMatchObject({ jobId: acked, verdict: "REPORT_VERDICT_APPLIED" });
    await expect.poll(() => next.jobs().map(({ jobId }) => jobId)).toEqual([unseen]);
  });

  it("that ends after its worker has shown the job to another session does not take the job away", async () => {
    const queue = freshQueue();
    const first = open();
    first.hello(queue, 1);
    await add(queue);
    await expect.poll(() => first.jobs().length).toBe(1);
    const [job] = first.jobs() as [Job];
    const second = open();
    second.hello(queue, 1, { resume: [{ queue, jobId: job.jobId, leaseToken: job.leaseToken }] });
    expect(await second.until("welcome")).toMatchObject([{ lost: [] }]);
    first.stream.cancel();
    await expect.poll(() => openSessions()).toBe(1);
    second.report(queue, job, { complete: {} });
    expect((await second.acks())[0].result.verdict).toBe("REPORT_VERDICT_APPLIED");
  });

  it("tells a worker whose unacknowledged job was put back that its lease is lost", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1);
    await add(queue);
    await expect.poll(() => session.jobs().length).toBe(1);
    const [{ jobId, leaseToken }] = session.jobs() as [Job];
    session.stream.cancel();
    await expect.poll(() => countsOf(queue)).toMatchObject({ waiting: 1 });
    const reports = [{ jobId, leaseToken, complete: {} }];
    const { results } = await posta.client.worker("ReportOutcomes", { queue, reports });
    expect(results[0].verdict).toBe("REPORT_VERDICT_LEASE_LOST");
  });

  it("counts resumed jobs once, however soon they are reported, and leaves its worker no more room than it has", async () => {
    const queue = freshQueue();
    const before = open();
    before.hello(queue, 3);
    await add(queue, 8);
    await expect.poll(() => before.jobs().length).toBe(3);
    const resume = before.jobs().map(({ jobId, leaseToken }) => ({ queue, jobId, leaseToken }));
    const session = open();
    session.hello(queue, 1, { resume: [...resume, ...resume] });
    for (const job of before.jobs()) session.report(queue, job, { complete: {} });
    await session.acks(3);
    await expect.poll(() => session.jobs().length).toBe(1);
    await sleep(200);
    expect(session.jobs()).toHaveLength(1);
  });

  it("passes a job on that comes when its worker has just taken its credit back", async () => {
    const queue = freshQueue();
    const [without, other] = [open(), open()];
    without.hello(queue, 1);
    await without.until("welcome");
    other.hello(queue, 1);
    await other.until("welcome");
    await sleep(200); // Both sleep, and `without` is the first in line.
    without.stream.write({ credit: { queue, maxInFlight: 0 } });
    const begun = performance.now();
    await add(queue);
    await expect.poll(() => other.jobs().length).toBe(1);
    expect(performance.now() - begun).toBeLessThan(5000); // Not by the next look after 10 s.
  });

  it("keeps a job with its worker whose report fails", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1);
    const [id] = await add(queue, 4);
    await expect.poll(() => session.jobs().length).toBe(1);
    const [job] = session.jobs() as [Job];
    await redis.sadd(`${posta.prefix}:${queue}:${id}:dependencies`, "a job that is not done");
    session.report(queue, job, { complete: {} });
    const [{ result }] = await session.acks();
    expect(result.error.message).toMatch(/waits for jobs that are not done: it cannot complete/);
    // Its place was free for a moment, and the next job came: after that there is no room for more.
    await expect.poll(() => session.jobs().length).toBe(2);
    session.report(queue, session.jobs()[1] as Job, { complete: {} });
    await session.acks(2);
    await sleep(200);
    expect(session.jobs()).toHaveLength(2);
    session.report(queue, job, { release: {} });
    expect((await session.acks(3))[2].result.verdict).toBe("REPORT_VERDICT_APPLIED");
    await expect.poll(() => session.jobs().length).toBe(3);
  });

  it("has at most 100 queues", async () => {
    const session = open();
    session.hello(freshQueue(), 0);
    for (let more = 0; more < 100; more += 1)
      session.stream.write({ credit: { queue: `more-${more}`, maxInFlight: 0 } });
    const details = expect.stringMatching(/^credit\.queue: is one of over 100 queues/);
    expect(await session.ended).toMatchObject({ code: status.INVALID_ARGUMENT, details });
  });

  it("drains: no more jobs, reports still count, and it ends as its worker ends it", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1);
    await add(queue, 3);
    await expect.poll(() => session.jobs().length).toBe(1);
    session.stream.write({ drain: {} });
    expect(await session.until("drained")).toEqual([{ lastSequence: 1 }]);
    session.report(queue, session.jobs()[0] as Job, { complete: {} });
    await session.acks();
    session.stream.end();
    expect(await session.ended).toMatchObject({ code: status.OK });
    expect(session.jobs()).toHaveLength(1);
    expect(await countsOf(queue)).toMatchObject({ active: 0, waiting: 2, completed: 1 });
  });

  it("of a stopping server is told to leave, and its reports still count", async () => {
    const server = await startServer(inject("redisUrl"));
    await server.serving;
    const queue = "leaving";
    const session = open(server);
    session.hello(queue, 1);
    await server.client.queue("AddJobs", { queue, jobs: [{ name: "n" }, { name: "n" }] });
    await expect.poll(() => session.jobs().length).toBe(1);
    const stopped = server.stop();
    await session.until("leave");
    session.report(queue, session.jobs()[0] as Job, { complete: {} });
    expect((await session.acks())[0].result.verdict).toBe("REPORT_VERDICT_APPLIED");
    session.stream.end();
    expect(await session.ended).toMatchObject({ code: status.OK });
    await stopped;
    expect(await redis.llen(`${server.prefix}:${queue}:wait`)).toBe(1);
  });

  it("of a worker that falls silent ends, and its jobs that were not acknowledged are back in line", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1, { lease: seconds(3) });
    await add(queue);
    await expect.poll(() => session.jobs().length).toBe(1);
    expect(await session.ended).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: expect.stringMatching(/silent for 3 intervals of 1000 ms/),
    });
    await expect.poll(() => countsOf(queue)).toMatchObject({ active: 0, waiting: 1 });
  });

  it.each([
    ["its store died, before it waited", 0, true],
    ["its store died, while it waited", 300, true],
    ["its connections were cut, before it waited", 0, false],
    ["its connections were cut, while it waited", 300, false],
  ])("goes on after %s", async (_, waitedMs, isDead) => {
    const store = await startRedis();
    releases.push(() => store.stop());
    const server = await startServer(store.url);
    releases.push(() => server.stop());
    await server.serving;
    const session = open(server);
    session.hello("q", 1);
    await session.until("welcome");
    await sleep(waitedMs);
    if (isDead) await store.restart();
    else {
      const other = new Redis({ path: store.socket });
      await other.client("KILL", "TYPE", "normal", "SKIPME", "yes");
      other.disconnect();
    }
    const add = () => server.client.queue("AddJob", { queue: "q", job: { name: "n" } });
    await expect
      .poll(
        () =>
          add().then(
            () => true,
            () => false,
          ),
        { timeout: 8000 },
      )
      .toBe(true);
    await expect.poll(() => session.jobs().length, { timeout: 15_000 }).toBe(1);
    session.report("q", session.jobs()[0] as Job, { complete: {} });
    expect((await session.acks())[0].result.verdict).toBe("REPORT_VERDICT_APPLIED");
  });

  it("shares the jobs among many workers, each once", async () => {
    const queue = freshQueue();
    const sessions = Array.from({ length: 20 }, () => open());
    for (const session of sessions) session.hello(queue, 5);
    await Promise.all(sessions.map((session) => session.until("welcome")));
    const ids = await add(queue, 100);
    const all = () => sessions.flatMap((session) => session.jobs().map(({ jobId }) => jobId));
    await expect.poll(() => all().length).toBe(100);
    expect(all().sort()).toEqual(ids.sort());
    expect(sessions.filter((session) => session.jobs().length === 5)).toHaveLength(20);
  });

  it.each<[string, object, RegExp]>([
    ["no hello", { heartbeat: {} }, /^message: heartbeat came before the hello/],
    ["nothing", {}, /^message: is required/],
    ["no queue", { hello: { worker: "w" } }, /^hello\.credits: is required/],
    ["no worker", { hello: { credits: [{ queue: "q", maxInFlight: 1 }] } }, /^hello\.worker: is required/],
    [
      "a bad queue",
      { hello: { worker: "w", credits: [{ queue: "a:b" }] } },
      /^hello\.credits\[0\]\.queue: "a:b" has a ':'/,
    ],
    [
      "negative credit",
      { hello: { worker: "w", credits: [{ queue: "q", maxInFlight: -1 }] } },
      /^hello\.credits\[0\]\.max_in_flight: -1 is under 0/,
    ],
    [
      "a token that is none",
      { hello: { worker: "w", credits: [{ queue: "q" }], resume: [{ queue: "q", jobId: "j", leaseToken: "t" }] } },
      /^hello\.resume\[0\]\.lease_token: "t" is no token/,
    ],
  ])("with %s ends with an error that names the field", async (_, message, details) => {
    const session = open();
    session.stream.write(message);
    expect(await session.ended).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(details),
    });
  });

  it("fails a report that is wrong alone, and takes the others of the same message", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 2);
    await add(queue, 2);
    await expect.poll(() => session.jobs().length).toBe(2);
    const [one, two] = session.jobs().map(({ jobId, leaseToken }) => ({ jobId, leaseToken }));
    const reports = [
      { reportId: 1, queue, report: { ...one, complete: { returnValueJson: "{" } } },
      { reportId: 2, queue: "bad:queue", report: { ...one, complete: {} } },
      { reportId: 3, queue, report: { ...two, complete: {} } },
      { reportId: 4, queue },
    ];
    session.stream.write({ reports: { reports } });
    const acks = await session.acks(4);
    const byId = Object.fromEntries(
      acks.map(({ reportId, result }) => [reportId, result.error?.message ?? result.verdict]),
    );
    expect(byId).toEqual({
      1: expect.stringMatching(/^reports\.reports\[0\]\.report\.complete\.return_value_json: is not JSON/),
      2: expect.stringMatching(/^reports\.reports\[1\]\.queue: "bad:queue" has a ':'/),
      3: "REPORT_VERDICT_APPLIED",
      4: expect.stringMatching(/^reports\.reports\[3\]\.report: is required/),
    });
  });

  it("stops reading a worker that reads nothing, so that what it holds stays bounded", async () => {
    const queue = freshQueue();
    const session = open();
    session.stream.pause();
    session.stream.write({ hello: { worker: "w", credits: [{ queue, maxInFlight: 0 }] } });
    const report = {
      reportId: 1,
      queue,
      report: { jobId: "j".repeat(2000), leaseToken: `posta:${"A".repeat(22)}:1:1`, complete: {} },
    };
    for (let sent = 0; sent < 400; sent += 1) session.stream.write({ reports: { reports: Array(50).fill(report) } });
    const settled = async () =>
      (await posta.metrics.getSingleMetric("posta_work_late_reports_total")?.get())?.values[0]?.value;
    const before = Number(await settled());
    let last = -1;
    // It settles some, and then no more, though 20,000 have been sent.
    await expect
      .poll(
        async () => {
          const is = last;
          last = Number(await settled());
          return last === is;
        },
        { interval: 500, timeout: 8000 },
      )
      .toBe(true);
    expect(last - before).toBeLessThan(10_000);
  });
});
