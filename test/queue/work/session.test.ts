import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { type Job, open } from "./session-setup.js";
import { add, countsOf, freshQueue, posta, redis, seconds } from "./work-setup.js";

/** The session of a worker, from outside: docs/workers.md. */

describe("a session", () => {
  it("brings jobs as they come, never more than the worker has room for, and the next as one is reported", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 2);
    const [welcome] = await session.until("welcome");
    expect(welcome).toEqual({ heartbeatInterval: seconds(5), lost: [] });
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
});
