import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Redis } from "ioredis";
import { describe, expect, inject, it } from "vitest";
import { startServer } from "../../support/posta.js";
import { startRedis } from "../../support/redis.js";
import { type Job, open } from "./session-setup.js";
import { add, countsOf, freshQueue, openSessions, posta, redis, releases, seconds } from "./work-setup.js";

/** How sessions end and are resumed, and what becomes of their jobs. */

describe("a session", () => {
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

  it("is told to leave before its connection is too old", async () => {
    const server = await startServer(inject("redisUrl"), { POSTA_MAX_CONNECTION_AGE: "2s" });
    releases.push(() => server.stop());
    await server.serving;
    const session = open(server);
    session.hello("ageing", 1);
    await server.client.queue("AddJobs", { queue: "ageing", jobs: [{ name: "n" }, { name: "n" }] });
    await expect.poll(() => session.jobs().length).toBe(1);
    await session.until("leave");
    session.report("ageing", session.jobs()[0] as Job, { complete: {} });
    expect((await session.acks())[0].result.verdict).toBe("REPORT_VERDICT_APPLIED");
    session.stream.end();
    expect(await session.ended).toMatchObject({ code: status.OK });
    expect(session.jobs()).toHaveLength(1);
  });

  it("on a connection that is old already is told to leave before the connection breaks", async () => {
    const ages = { POSTA_MAX_CONNECTION_AGE: "4s", POSTA_MAX_CONNECTION_AGE_GRACE: "1s" };
    const server = await startServer(inject("redisUrl"), ages);
    releases.push(() => server.stop());
    await server.serving;
    const first = open(server);
    first.hello("ageing", 1);
    await first.until("leave");
    const second = open(server); // On the same connection.
    second.hello("ageing", 1);
    await second.until("leave");
    second.stream.end();
    expect(await second.ended).toMatchObject({ code: status.OK });
  });

  it("of a worker that misses its heartbeats gets no more jobs until the worker is heard again", async () => {
    const queue = freshQueue();
    const [silent, other] = [open(), open()];
    silent.hello(queue, 2, { lease: seconds(6) });
    const [held] = await add(queue);
    await expect.poll(() => silent.jobs().length).toBe(1);
    await sleep(3300);
    other.hello(queue, 1);
    await other.until("welcome");
    const [next, last] = await add(queue, 2);
    await expect.poll(() => other.jobs().map(({ jobId }) => jobId)).toEqual([next]);
    await sleep(200);
    expect(silent.jobs().map(({ jobId }) => jobId)).toEqual([held]);
    silent.ack();
    await expect.poll(() => silent.jobs().map(({ jobId }) => jobId)).toEqual([held, last]);
    expect(silent.find("lost")).toEqual([]);
  });

  it("of a worker that falls silent ends, and its jobs that were not acknowledged are back in line", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1, { lease: seconds(3) });
    await add(queue);
    await expect.poll(() => session.jobs().length).toBe(1);
    expect(await session.ended).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: expect.stringMatching(/silent for its whole lease of 3000 ms/),
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
    await session.untilJobs(1, 15_000);
    session.report("q", session.jobs()[0] as Job, { complete: {} });
    expect((await session.acks())[0].result.verdict).toBe("REPORT_VERDICT_APPLIED");
  });
});
