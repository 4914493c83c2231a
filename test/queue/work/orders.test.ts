import { status } from "@grpc/grpc-js";
import { describe, expect, inject, it } from "vitest";
import { gaugeOf, startServer } from "../../support/posta.js";
import { type Job, open } from "./session-setup.js";
import {
  add,
  checkLeases,
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
} from "./work-setup.js";

/** Orders to workers: to stop working on a job, and to end. */

const cancel = (queue: string, jobId: string, rest: object = {}) =>
  posta.client.worker("CancelJob", { queue, jobId, ...rest });
const failureOf = async (queue: string, jobId: string) =>
  (await posta.client.queue("GetJob", { queue, jobId })).job.failedReason;
const drain = (worker: string) => posta.client.worker("DrainWorker", { worker });
const isListed = async (worker: string) =>
  (await posta.client.worker("ListWorkers", {})).workers.some((one: { worker: string }) => one.worker === worker);

describe("CancelJob", () => {
  it("tells a worker in a session at once, on whatever server, and takes its report", async () => {
    const elsewhere = await startServer(inject("redisUrl"), { POSTA_QUEUE_PREFIX: posta.prefix });
    releases.push(() => elsewhere.stop());
    await elsewhere.serving;
    const queue = freshQueue();
    const session = open(elsewhere);
    session.hello(queue, 2, { lease: seconds(600) });
    const [id] = await add(queue, 2, { attempts: 5 });
    await expect.poll(() => session.jobs().length).toBe(2);
    const [job, other] = session.jobs() as [Job, Job];
    const hearing = async () => (await redis.pubsub("NUMSUB", `${posta.prefix}:posta-work-control`))[1];
    await expect.poll(hearing).toBeGreaterThan(0);
    await cancel(queue, id as string, { reason: "the customer left", grace: seconds(20) });
    const [told] = await session.until("cancel");
    expect(told.lease).toEqual({ queue, jobId: id, leaseToken: job.leaseToken });
    expect(told.order.reason).toBe("the customer left");
    expect(Number(told.order.grace.seconds)).toBeGreaterThan(15);
    session.report(queue, job, { cancelled: { message: "stopped half-way" } });
    expect((await session.acks())[0].result.verdict).toBe("REPORT_VERDICT_APPLIED");
    expect(await stateOf(queue, id as string)).toBe("FAILED"); // For good, though it had attempts left.
    expect(await failureOf(queue, id as string)).toBe("stopped half-way");
    session.report(queue, other, { complete: {} });
    expect((await session.acks(2))[1].result.verdict).toBe("REPORT_VERDICT_APPLIED");
    expect(session.find("cancel")).toHaveLength(1);
  });

  it("tells another worker by its next extension, and fails the job after the grace", async () => {
    const queue = freshQueue();
    const [id] = await add(queue, 2);
    const [job, other] = await lease(queue, { maxJobs: 2 });
    await cancel(queue, id as string, { reason: "too late", grace: { seconds: 0, nanos: 1e6 } });
    const leases = [job, other].map((held) => ({ jobId: held?.jobId, leaseToken: held?.leaseToken }));
    const { results } = await posta.client.worker("ExtendLeases", { queue, leases });
    expect(results).toEqual([
      { jobId: id, held: true, cancel: { reason: "too late", grace: seconds(0) } },
      { jobId: other?.jobId, held: true, cancel: null },
    ]);
    await checkLeases();
    expect(await failureOf(queue, id as string)).toBe("cancelled: too late");
    const after = await posta.client.worker("ExtendLeases", { queue, leases });
    expect(after.results.map(({ held }: { held: boolean }) => held)).toEqual([false, true]);
    for (const outcome of [{ complete: {} }, { cancelled: {} }])
      expect(await report(queue, job, outcome)).toBe("LEASE_LOST");
    expect(await stateOf(queue, id as string)).toBe("FAILED");
    expect(await report(queue, other, { complete: {} })).toBe("APPLIED");
  });

  it.each<[string, object, string]>([
    ["fail", { fail: { message: "by itself", retryDelay: seconds(0) } }, "by itself"],
    ["release", { release: {} }, "cancelled: wrong"],
    ["postpone", { postpone: { delay: seconds(1) } }, "cancelled: wrong"],
    ["rate_limited", { rateLimited: { duration: seconds(1) } }, "cancelled: wrong"],
  ])("is not undone by a worker that reports %s: the job does not run again", async (_, outcome, failure) => {
    const queue = freshQueue();
    const [id] = await add(queue, 1, { attempts: 3 });
    const [job] = await lease(queue);
    await cancel(queue, id as string, { reason: "wrong" });
    expect(await report(queue, job, outcome)).toBe("APPLIED");
    expect(await report(queue, job, outcome)).toBe("ALREADY_APPLIED");
    expect(await failureOf(queue, id as string)).toBe(failure);
    expect(await stateOf(queue, id as string)).toBe("FAILED");
  });

  it("leaves a job completed whose worker was done", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const [job] = await lease(queue);
    await cancel(queue, id as string);
    expect(await report(queue, job, { complete: {} })).toBe("APPLIED");
    await checkLeases();
    expect(await stateOf(queue, id as string)).toBe("COMPLETED");
  });

  it("fails a job that its worker has not seen when its session breaks", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1);
    const [id] = await add(queue);
    await expect.poll(() => session.jobs().length).toBe(1);
    await cancel(queue, id as string, { reason: "wrong", grace: seconds(600) });
    session.stream.cancel();
    await expect.poll(() => stateOf(queue, id as string)).toBe("FAILED");
    expect(await failureOf(queue, id as string)).toBe("cancelled: wrong");
  });

  it("holds when the worker dies before the grace has ended: the job does not run again", async () => {
    const queue = freshQueue();
    const [id] = await add(queue, 1, { attempts: 3 });
    const [job] = await lease(queue);
    await cancel(queue, id as string, { reason: "wrong", grace: seconds(600) });
    await endLease(queue, job as Held);
    await checkLeases();
    expect(await failureOf(queue, id as string)).toBe("cancelled: wrong");
    expect(await lease(queue)).toEqual([]);
  });

  it("fails a job whose lease has ended, and that is still its worker's", async () => {
    const queue = freshQueue();
    const [id] = await add(queue, 1, { attempts: 3 });
    const [job] = await lease(queue);
    await endLease(queue, job as Held);
    await cancel(queue, id as string, { reason: "wrong" });
    await checkLeases();
    expect(await failureOf(queue, id as string)).toBe("cancelled: wrong");
  });

  it("tells the worker again if it has less time than it knew", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1);
    const [id] = await add(queue);
    await expect.poll(() => session.jobs().length).toBe(1);
    for (const grace of [600, 900, 30])
      await cancel(queue, id as string, { reason: String(grace), grace: seconds(grace) });
    await session.until("cancel", 2);
    expect(session.find("cancel").map(({ order }) => order.reason)).toEqual(["600", "30"]);
  });

  it("refuses a job that no remote worker has, and says what to do", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    await expect(cancel(queue, id as string)).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: expect.stringMatching(/is with no worker now: RemoveJob removes/),
    });
    const [held] = await lease(queue);
    await report(queue, held, { complete: {} });
    await expect(cancel(queue, id as string)).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: expect.stringMatching(/is finished: there is nothing to cancel$/),
    });
    await expect(cancel(queue, "none")).rejects.toMatchObject({ code: status.NOT_FOUND });
    await expect(cancel(queue, "meta")).rejects.toMatchObject({ code: status.NOT_FOUND });
    await expect(cancel(queue, id as string, { grace: seconds(3601) })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(/^grace: 3601000 ms is over 3600000 ms/),
    });
  });
});

describe("DrainWorker", () => {
  it("asks a worker in a session to end, gives it no more jobs, and asks it again when it comes back", async () => {
    const queue = freshQueue();
    const worker = `ending-${queue}`;
    const session = open();
    session.hello(queue, 1, { worker });
    await add(queue, 3);
    await expect.poll(() => session.jobs().length).toBe(1);
    await expect.poll(() => isListed(worker)).toBe(true);
    await drain(worker);
    await session.until("drainOrder");
    expect(await session.until("drained")).toEqual([{ lastSequence: 1 }]);
    session.report(queue, session.jobs()[0] as Job, { complete: {} });
    await session.acks();
    session.stream.end();
    expect(await session.ended).toMatchObject({ code: status.OK });
    expect(session.jobs()).toHaveLength(1);

    const again = open();
    again.hello(queue, 1, { worker });
    await again.until("drainOrder");
    expect(again.jobs()).toEqual([]);
  });

  it("asks a worker that waits in a call, at once", async () => {
    const queue = freshQueue();
    const worker = `calling-${queue}`;
    const waits = posta.client.worker("LeaseJobs", { queue, worker, wait: seconds(20) }, { deadlineMs: 30_000 });
    await expect.poll(() => isListed(worker)).toBe(true);
    await drain(worker);
    expect(await waits).toEqual({ jobs: [], drain: true });
    await add(queue);
    expect(await posta.client.worker("LeaseJobs", { queue, worker })).toEqual({ jobs: [], drain: true });
    expect(await lease(queue, { worker: "another" })).toHaveLength(1);
  });

  it("asks no worker of the same name whose queues the order does not cover", async () => {
    const [queue, other] = [freshQueue(), freshQueue()];
    const worker = `named-${queue}`;
    await lease(queue, { worker });
    await expect.poll(() => isListed(worker)).toBe(true);
    await drain(worker);
    await add(other);
    const session = open();
    session.hello(other, 1, { worker });
    await expect.poll(() => session.jobs().length).toBe(1);
    expect(session.find("drainOrder")).toEqual([]);
    expect(await posta.client.worker("LeaseJobs", { queue, worker })).toEqual({ jobs: [], drain: true });
    session.stream.write({ credit: { queue, maxInFlight: 1 } });
    await session.until("drainOrder"); // It is on the queue of the order now.
  });

  it("answers NOT_FOUND for a worker that nobody knows", async () => {
    await expect(drain("nobody")).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: 'there is no worker "nobody"',
    });
    expect(await gaugeOf(posta, "posta_work_waiting_calls")).toBe(0);
  });
});
