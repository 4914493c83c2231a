import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Queue as BullQueue, Worker } from "bullmq";
import { describe, expect, inject, it, vi } from "vitest";
import { gaugeOf, startServer } from "../../support/posta.js";
import { startRedis } from "../../support/redis.js";
import { SlowWay } from "../../tools/slow-way.js";
import { type Job, open } from "./session-setup.js";
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
  redis,
  releases,
  report,
  seconds,
  stateOf,
  waitingCalls,
} from "./work-setup.js";

/** What else goes wrong with workers: the list in docs/workers.md says where each failure is tested. */

const toMs = ({ seconds: whole, nanos }: { seconds: number; nanos: number }) => whole * 1000 + nanos / 1e6;

/** A server that reaches Redis by a way that can be made slow. */
async function startSlow() {
  const way = new SlowWay(inject("redisUrl").replace("unix://", ""));
  const slow = await startServer(`redis://127.0.0.1:${await way.start()}`);
  releases.push(() => way.stop());
  releases.push(() => slow.stop());
  await slow.serving;
  return { way, slow };
}

describe("an answer of Redis that comes late", () => {
  it("makes the lease shorter by as much, as the lock in Redis has been there since", async () => {
    const { way, slow } = await startSlow();
    await slow.client.queue("AddJob", { queue: "q", job: { name: "n" } });
    way.delayMs = 300;
    const { jobs } = await slow.client.worker("LeaseJobs", { queue: "q", worker: "w", lease: seconds(2) });
    const leftMs = await redis.pttl(`${slow.prefix}:q:${jobs[0].jobId}:lock`);
    expect(toMs(jobs[0].lease)).toBeLessThan(1450);
    expect(toMs(jobs[0].lease)).toBeLessThanOrEqual(leftMs + 50);
  });

  it("brings no job whose lease has ended meanwhile: the job is back in line at once", async () => {
    const { way, slow } = await startSlow();
    const { jobId } = await slow.client.queue("AddJob", { queue: "q", job: { name: "n" } });
    way.delayMs = 550;
    const request = { queue: "q", worker: "w", lease: seconds(1) };
    expect(await slow.client.worker("LeaseJobs", request)).toMatchObject({ jobs: [] });
    way.delayMs = 0;
    const again = async () => (await slow.client.worker("LeaseJobs", request)).jobs[0]?.jobId;
    await expect.poll(again, { timeout: 8000 }).toBe(jobId);
  });
});

describe("a network that loses connections without an end of them", () => {
  it("holds workers up for some seconds only: the server connects anew", async () => {
    const { way, slow } = await startSlow();
    const session = open(slow);
    session.hello("q", 1);
    await session.until("welcome");
    await sleep(300); // It waits for a marker.
    way.delayMs = 2_000_000; // What is sent on the connections of now never arrives.
    const elsewhere = await startServer(inject("redisUrl"), { POSTA_QUEUE_PREFIX: slow.prefix });
    releases.push(() => elsewhere.stop());
    await elsewhere.serving;
    await elsewhere.client.queue("AddJob", { queue: "q", job: { name: "n" } });
    await sleep(1000);
    way.delayMs = 0;
    await expect.poll(() => session.jobs().length, { timeout: 40_000 }).toBe(1);
  });
});

describe("a delivery process whose clock is ahead", () => {
  it("puts back the jobs whose leases have ended, and leaves a worker that is to stop its grace", async () => {
    const queue = freshQueue();
    await add(queue, 2);
    const [ended, cancelled] = (await lease(queue, { maxJobs: 2 })) as [Held, Held];
    await posta.client.worker("CancelJob", { queue, jobId: cancelled.jobId, grace: seconds(60) });
    await endLease(queue, ended);
    const realNow = Date.now;
    vi.spyOn(Date, "now").mockImplementation(() => realNow() + 600_000);
    await checkLeases();
    vi.restoreAllMocks();
    expect(await stateOf(queue, ended.jobId)).toBe("WAITING");
    expect(await stateOf(queue, cancelled.jobId)).toBe("ACTIVE");
  });
});

describe("a marker that a dying worker took with it", () => {
  it("leaves the jobs of its queue in line for some seconds only, however often others ask for other queues", async () => {
    const [queue, other] = [freshQueue(), freshQueue()];
    const session = open();
    session.hello(queue, 1);
    await session.until("welcome");
    const call = { queue: other, worker: "w", wait: seconds(40) };
    const waiting = posta.client.worker("LeaseJobs", call, { deadlineMs: 60_000 });
    await expect.poll(waitingCalls).toBe(1);
    // A job that is in line without a marker: it was added while the queue was paused.
    await redis.hset(`${posta.prefix}:${queue}:meta`, "paused", 1);
    const [id] = await add(queue);
    await redis.hdel(`${posta.prefix}:${queue}:meta`, "paused");
    await expect.poll(() => session.jobs().map(({ jobId }) => jobId), { timeout: 30_000 }).toEqual([id]);
    await add(other);
    expect((await waiting).jobs).toHaveLength(1);
  });
});

describe("a job that its worker lost", () => {
  it("may come to the same worker again, under a lease of its own: what is said of the old one changes nothing", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1);
    await add(queue);
    await expect.poll(() => session.jobs().length).toBe(1);
    session.ack();
    await session.until("pong");
    const [first] = session.jobs() as [Job];
    await endLease(queue, first as Held);
    await checkLeases();
    // Its place is free when it hears of the loss, or reports.
    session.report(queue, first, { complete: { returnValueJson: '"old"' } });
    expect((await session.acks())[0].result.verdict).toBe("REPORT_VERDICT_LEASE_LOST");
    await expect.poll(() => session.jobs().length).toBe(2);
    const second = session.jobs()[1] as Job;
    expect(second).toMatchObject({ jobId: first.jobId, attempt: 2 });
    session.report(queue, first, { complete: { returnValueJson: '"old"' } }, 2);
    session.report(queue, second, { complete: { returnValueJson: '"new"' } }, 3);
    const verdicts = (await session.acks(3)).map(({ result }) => result.verdict.replace("REPORT_VERDICT_", ""));
    expect(verdicts).toEqual(["LEASE_LOST", "LEASE_LOST", "APPLIED"]);
    const { job } = await posta.client.queue("GetJob", { queue, jobId: first.jobId });
    expect(job.returnValueJson).toBe('"new"');
  });

  it("leaves the place of its worker free, when the worker hears of it", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1, { lease: seconds(3) });
    await add(queue, 2);
    await expect.poll(() => session.jobs().length).toBe(1);
    const [first] = session.jobs() as [Job];
    await redis.set(`${posta.prefix}:${queue}:${first.jobId}:lock`, "another's");
    await expect
      .poll(() => {
        session.ack();
        return session.jobs().length;
      })
      .toBe(2);
  });

  it("is not hidden by a worker of the same name that starts anew without it", async () => {
    const queue = freshQueue();
    const before = open();
    before.hello(queue, 1);
    const [id] = await add(queue);
    await expect.poll(() => before.jobs().length).toBe(1);
    before.ack();
    await before.until("pong");
    before.stream.cancel(); // The process dies; another begins under its name.
    const after = open();
    after.hello(queue, 5);
    await after.until("welcome");
    after.ack();
    await endLease(queue, before.jobs()[0] as Held);
    await checkLeases();
    await expect.poll(() => after.jobs()).toMatchObject([{ jobId: id, attempt: 2 }]);
  });

  it("too often, and is retried by hand, runs again instead of failing at once", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    for (let lost = 0; lost <= 3; lost += 1) {
      const [held] = await lease(queue);
      await endLease(queue, held as Held);
      await checkLeases();
    }
    expect(await lease(queue)).toEqual([]);
    expect(await stateOf(queue, id as string)).toBe("FAILED");
    await posta.client.queue("RetryJob", { queue, jobId: id });
    const [held] = await lease(queue);
    expect(held?.jobId).toBe(id);
    expect(await report(queue, held, { complete: {} })).toBe("APPLIED");
  });
});

describe("the check of the leases beside reports", () => {
  it("leaves each job either settled or in line: what a worker is told is what happened", async () => {
    const queue = freshQueue();
    const ids = await add(queue, 60);
    const held = await lease(queue, { maxJobs: 60 });
    for (const one of held) await endLease(queue, one);
    const settling = held.map(async (one, place) => {
      await sleep(place * 3);
      return [one.jobId, await report(queue, one, { complete: {} })] as const;
    });
    const [verdicts] = await Promise.all([Promise.all(settling), checkLeases()]);
    const states = await Promise.all(ids.map((id) => stateOf(queue, id)));
    const expected = new Map(ids.map((id, place) => [id, states[place] === "COMPLETED" ? "APPLIED" : "LEASE_LOST"]));
    expect(new Map(verdicts)).toEqual(new Map(held.map(({ jobId }) => [jobId, expected.get(jobId)])));
    const counts = await countsOf(queue);
    expect(counts).toMatchObject({ active: 0 });
    expect(counts.completed + counts.waiting).toBe(60);
  });
});

describe("a worker that drains", () => {
  it("gets each job that was leased to it before `drained`, and none after", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1000);
    await session.until("welcome");
    const adding = Promise.all(Array.from({ length: 20 }, () => add(queue, 10)));
    await expect.poll(() => session.jobs().length).toBeGreaterThan(0);
    session.stream.write({ drain: {} });
    const [{ lastSequence }] = await session.until("drained");
    const at = session.got.findIndex(({ message }) => message === "drained");
    await adding;
    await sleep(200);
    const assigns = session.got.flatMap(({ message, assign }, place) =>
      message === "assign" ? [[place, assign.sequence]] : [],
    );
    expect(assigns.filter(([place, sequence]) => place > at || sequence > lastSequence)).toEqual([]);
    expect(await countsOf(queue)).toMatchObject({
      active: session.jobs().length,
      waiting: 200 - session.jobs().length,
    });
  });

  it("while its server stops: its reports still count, and both end", async () => {
    const server = await startServer(inject("redisUrl"));
    await server.serving;
    const session = open(server);
    session.hello("q", 1);
    await server.client.queue("AddJobs", { queue: "q", jobs: [{ name: "n" }, { name: "n" }] });
    await expect.poll(() => session.jobs().length).toBe(1);
    session.stream.write({ drain: {} });
    const stopped = server.stop();
    await session.until("drained");
    await session.until("leave");
    session.report("q", session.jobs()[0] as Job, { complete: {} });
    expect((await session.acks())[0].result.verdict).toBe("REPORT_VERDICT_APPLIED");
    session.stream.end();
    expect(await session.ended).toMatchObject({ code: status.OK });
    await stopped;
    expect(await redis.llen(`${server.prefix}:q:wait`)).toBe(1);
  });
});

describe("a worker that comes later", () => {
  it("gets the next jobs, though others have waited longer and hold as many as they take", async () => {
    const queue = freshQueue();
    const first = open();
    first.hello(queue, 3);
    await add(queue, 5);
    await expect.poll(() => first.jobs().length).toBe(3);
    const second = open();
    second.hello(queue, 3);
    await expect.poll(() => second.jobs().length).toBe(2);
  });
});

describe("a report that comes while Redis is down", () => {
  it("says so, is applied when it is repeated, and then is known", async () => {
    const store = await startRedis();
    releases.push(() => store.stop());
    const server = await startServer(store.url);
    releases.push(() => server.stop());
    await server.serving;
    const session = open(server);
    session.hello("q", 2);
    await server.client.queue("AddJobs", { queue: "q", jobs: [{ name: "n" }, { name: "n" }] });
    await expect.poll(() => session.jobs().length).toBe(2);
    const [one, two] = session.jobs() as [Job, Job];
    await store.kill();
    const { jobId, leaseToken } = one;
    const call = () =>
      server.client.worker("ReportOutcomes", { queue: "q", reports: [{ jobId, leaseToken, complete: {} }] });
    session.report("q", two, { complete: {} });
    expect((await session.acks())[0].result.error).toMatchObject({ code: status.UNAVAILABLE });
    await expect(call()).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await store.restart();
    const repeat = async () => (await call().catch(() => ({ results: [{ verdict: "" }] }))).results[0].verdict;
    await expect.poll(repeat, { timeout: 8000 }).toBe("REPORT_VERDICT_APPLIED");
    expect(await repeat()).toBe("REPORT_VERDICT_ALREADY_APPLIED");
    session.report("q", two, { complete: {} }, 2); // On the same stream: it outlives the store.
    expect((await session.acks(2))[1]).toMatchObject({ reportId: 2, result: { verdict: "REPORT_VERDICT_APPLIED" } });
  });
});

describe("a worker that reconnects while Redis is down", () => {
  it("is welcome when its leases are extended, so that nothing takes its jobs", async () => {
    const store = await startRedis();
    releases.push(() => store.stop());
    const server = await startServer(store.url);
    releases.push(() => server.stop());
    await server.serving;
    const before = open(server);
    before.hello("q", 1);
    await server.client.queue("AddJob", { queue: "q", job: { name: "n" } });
    await expect.poll(() => before.jobs().length).toBe(1);
    const [job] = before.jobs() as [Job];
    await store.kill();
    const resume = [{ queue: "q", jobId: job.jobId, leaseToken: job.leaseToken }];
    const hasty = open(server);
    hasty.hello("q", 1, { resume, lease: seconds(3) }); // It would not wait for long.
    expect(await hasty.ended).toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringMatching(/cannot be extended now/),
    });
    expect(hasty.find("welcome")).toEqual([]);
    const after = open(server);
    after.hello("q", 1, { resume });
    await sleep(500);
    expect(after.find("welcome")).toEqual([]);
    await store.restart();
    expect(await after.until("welcome")).toMatchObject([{ lost: [] }]);
    before.stream.cancel(); // It never acknowledged the job.
    await expect.poll(() => gaugeOf(server, "posta_work_sessions")).toBe(1);
    after.report("q", job, { complete: {} });
    expect((await after.acks())[0].result.verdict).toBe("REPORT_VERDICT_APPLIED");
  });
});

describe("workers of both kinds at a queue that is paused or full", () => {
  it("never work on more than it allows, and finish all when it allows more", async () => {
    const queue = freshQueue();
    let [now, most, done] = [0, 0, 0];
    const begin = () => {
      now += 1;
      most = Math.max(most, now);
    };
    const bull = new Worker(
      queue,
      async () => {
        begin();
        await sleep(20);
        [now, done] = [now - 1, done + 1];
      },
      { connection, prefix: posta.prefix, concurrency: 5 },
    );
    releases.push(() => bull.close());
    const handle = new BullQueue(queue, { connection, prefix: posta.prefix });
    releases.push(() => handle.close());
    await posta.client.queue("AddJob", { queue, job: { name: "n" } });
    await posta.client.queue("SetQueueLimits", { queue, limits: { concurrency: 2 } });
    await posta.client.queue("PauseQueue", { queue });
    const session = open();
    session.stream.on("data", async ({ message, assign }) => {
      if (message !== "assign") return;
      for (const job of assign.jobs) {
        begin();
        await sleep(20);
        [now, done] = [now - 1, done + 1];
        session.report(queue, job, { complete: {} });
      }
    });
    session.hello(queue, 5);
    await session.until("welcome");
    await expect.poll(async () => (await countsOf(queue)).active).toBe(0);
    const before = done;
    await add(queue, 60);
    await sleep(300);
    expect(done).toBe(before);
    await posta.client.queue("ResumeQueue", { queue });
    await expect.poll(async () => (await countsOf(queue)).completed, { timeout: 15_000 }).toBe(61);
    expect(most).toBeLessThanOrEqual(2);
  });
});
