import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Job, open } from "./session-setup.js";
import {
  add,
  checkLeases,
  countsOf,
  endLease,
  freshQueue,
  type Held,
  lease,
  posta,
  redis,
  report,
  seconds,
  stateOf,
} from "./work-setup.js";

/** Jobs whose workers lose them. docs/workers.md lists each failure with its test. */

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
    const settle = async (one: Held) => {
      await endLease(queue, one);
      return [one.jobId, await report(queue, one, { complete: {} })] as const;
    };
    // Some are settled before any check. The others meet a check, each at its own time, but for those that wait for one.
    const early = await Promise.all(held.slice(0, 5).map(settle));
    let isChecking = true;
    const checks = (async () => {
      while (isChecking) await checkLeases();
    })();
    const racing = await Promise.all(
      held.slice(5, 55).map(async (one, place) => {
        await sleep(place * 10);
        return settle(one);
      }),
    );
    isChecking = false;
    await checks;
    for (const one of held.slice(55)) await endLease(queue, one);
    await checkLeases();
    const late = await Promise.all(held.slice(55).map(settle));
    const verdicts = [...early, ...racing, ...late];
    expect(new Set(verdicts.map(([, verdict]) => verdict))).toEqual(new Set(["APPLIED", "LEASE_LOST"]));
    const states = await Promise.all(ids.map((id) => stateOf(queue, id)));
    const expected = new Map(ids.map((id, place) => [id, states[place] === "COMPLETED" ? "APPLIED" : "LEASE_LOST"]));
    expect(new Map(verdicts)).toEqual(new Map(held.map(({ jobId }) => [jobId, expected.get(jobId)])));
    const counts = await countsOf(queue);
    expect(counts).toMatchObject({ active: 0 });
    expect(counts.completed + counts.waiting).toBe(60);
  });
});
