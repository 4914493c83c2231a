import { Queue as BullQueue, Worker } from "bullmq";
import { describe, expect, it } from "vitest";
import type { Withdrawal } from "../../../src/queue/work/work.js";
import {
  add,
  change,
  checkLeases,
  connection,
  endLease,
  freshQueue,
  type Held,
  lease,
  posta,
  releases,
  report,
  stateOf,
} from "./work-setup.js";

/** Reports that come too late: docs/workers.md says what they answer. */

describe("a report on a job that ended without its worker is lost, as", () => {
  const reportAll = async (queue: string, held: Held[]) =>
    Promise.all(held.flatMap((one) => [{ complete: {} }, { cancelled: {} }].map((said) => report(queue, one, said))));

  it.each([
    ["that keeps failed jobs", {}],
    ["that keeps none", { keepOnFail: { count: 0 } }],
  ])("the grace of its cancellation had ended, in a queue %s", async (_, options) => {
    const queue = freshQueue();
    const [id] = await add(queue, 1, options);
    const held = await lease(queue);
    await posta.client.worker("CancelJob", { queue, jobId: id, grace: { seconds: 0, nanos: 1e6 } });
    await checkLeases();
    expect(await reportAll(queue, held)).toEqual(["LEASE_LOST", "LEASE_LOST"]);
  });

  it("it had lost too many workers", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const held: Held[] = [];
    for (let lost = 0; lost <= 3; lost += 1) {
      held.push(...(await lease(queue)));
      await endLease(queue, held.at(-1) as Held);
      await checkLeases();
    }
    expect(await lease(queue)).toEqual([]);
    expect(await stateOf(queue, id as string)).toBe("FAILED");
    expect(await reportAll(queue, held)).toEqual(Array(8).fill("LEASE_LOST"));
  });

  it("its queue was obliterated", async () => {
    const queue = freshQueue();
    await add(queue);
    const held = await lease(queue);
    await posta.client.queue("ObliterateQueue", { queue, force: true });
    expect(await reportAll(queue, held)).toEqual(["LEASE_LOST", "LEASE_LOST"]);
  });

  it.each<[string, Withdrawal["outcome"]]>([
    ["its server took it back", { kind: "unseen" }],
    ["its worker had not stopped", { kind: "stuck", reason: "" }],
  ])("%s a moment before, in the same run of the script", async (_, outcome) => {
    const queue = freshQueue();
    await add(queue);
    const [held] = (await lease(queue)) as [Held];
    const name = { jobId: held.jobId, token: held.leaseToken };
    const complete = { kind: "complete", valueJson: "1" } as const;
    const said = [
      { ...name, outcome },
      { ...name, outcome },
      { ...name, outcome: complete },
    ];
    expect(await change(queue, said)).toEqual(["applied", "lease-lost", "lease-lost"]);
    expect(await report(queue, held, { complete: {} })).toBe("LEASE_LOST");
  });
});

describe("a lease of a job's earlier life", () => {
  /** A job that failed under its first lease, and begins at attempt 1 again, as a redrive lets it. */
  async function redrive(queue: string) {
    const [id] = await add(queue, 1, { attempts: 1 });
    const [old] = (await lease(queue)) as [Held];
    expect(await report(queue, old, { fail: { message: "m" } })).toBe("APPLIED");
    const bull = new BullQueue(queue, { connection, prefix: posta.prefix });
    releases.push(() => bull.close());
    const job = await bull.getJob(id as string);
    await job?.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true });
    return old;
  }

  async function expectLost(queue: string, old: Held): Promise<void> {
    const { jobId, leaseToken } = old;
    const extended = await posta.client.worker("ExtendLeases", { queue, leases: [{ jobId, leaseToken }] });
    expect(extended.results).toMatchObject([{ held: false }]);
    const updates = [{ jobId, leaseToken, log: "old" }];
    const updated = await posta.client.worker("UpdateLeasedJobs", { queue, updates });
    expect(updated.results).toMatchObject([{ verdict: "REPORT_VERDICT_LEASE_LOST" }]);
    expect(await report(queue, old, { complete: { returnValueJson: '"old"' } })).toBe("LEASE_LOST");
  }

  it("changes nothing, though the job has the same attempt again and its lease has ended", async () => {
    const queue = freshQueue();
    const old = await redrive(queue);
    const [held] = (await lease(queue)) as [Held];
    expect(held).toMatchObject({ jobId: old.jobId, attempt: 1 });
    await endLease(queue, held);
    await expectLost(queue, old);
    expect(await report(queue, held, { complete: {} })).toBe("APPLIED");
    expect(await report(queue, held, { complete: {} })).toBe("ALREADY_APPLIED");
    await expectLost(queue, old);
  });

  it("changes nothing either when BullMQ's worker has the job", async () => {
    const queue = freshQueue();
    const old = await redrive(queue);
    const bull = new Worker(queue, null, { connection, prefix: posta.prefix });
    releases.push(() => bull.close());
    const job = await bull.getNextJob("a-token", { block: false });
    expect(job?.id).toBe(old.jobId);
    await endLease(queue, old);
    await expectLost(queue, old);
    expect(await stateOf(queue, old.jobId)).toBe("ACTIVE");
  });

  it("has a token that nobody can make up, also when the lease has ended", async () => {
    const queue = freshQueue();
    await add(queue);
    const [held] = (await lease(queue)) as [Held];
    await endLease(queue, held);
    const leaseToken = `posta:${"A".repeat(22)}:1:1`;
    await expectLost(queue, { ...held, leaseToken });
    expect(await report(queue, held, { complete: {} })).toBe("APPLIED");
  });
});
