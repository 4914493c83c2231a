import { describe, expect, it, vi } from "vitest";
import {
  add,
  checkLeases,
  endLease,
  freshQueue,
  type Held,
  lease,
  posta,
  report,
  seconds,
  stateOf,
} from "./work-setup.js";

/** Clocks of servers that differ from Redis' clock. */

/** Does something while the clock of this process, and so of its server, is wrong. */
async function withShiftedClock<Result>(shiftMs: number, run: () => Promise<Result>): Promise<Result> {
  const realNow = Date.now;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => realNow() + shiftMs);
  try {
    return await run();
  } finally {
    clock.mockRestore();
  }
}

describe("a delivery process whose clock is ahead", () => {
  it("puts back the jobs whose leases have ended, and leaves a worker that is to stop its grace", async () => {
    const queue = freshQueue();
    await add(queue, 2);
    const [ended, cancelled] = (await lease(queue, { maxJobs: 2 })) as [Held, Held];
    await posta.client.worker("CancelJob", { queue, jobId: cancelled.jobId, grace: seconds(60) });
    await endLease(queue, ended);
    await withShiftedClock(600_000, checkLeases);
    expect(await stateOf(queue, ended.jobId)).toBe("WAITING");
    expect(await stateOf(queue, cancelled.jobId)).toBe("ACTIVE");
  });
});

describe.each([
  ["ahead", 600_000],
  ["behind", -600_000],
])("a server whose clock is %s", (_, shiftMs) => {
  /** Does something while the server's clock is wrong, and waits until the server knows the right time again. */
  async function whileWrong<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = await withShiftedClock(shiftMs, run);
    // The server compares its clock with Redis' each half second. Until then, jobs are too late to be added.
    const job = { queue: freshQueue(), job: { name: "n" } };
    const isRight = () =>
      posta.client.queue("AddJob", job).then(
        () => true,
        () => false,
      );
    await expect.poll(isRight, { timeout: 8000 }).toBe(true);
    return result;
  }

  it.each<[string, object]>([
    ["postponed", { postpone: { delay: seconds(2) } }],
    ["tried again", { fail: { message: "m", retryDelay: seconds(2) } }],
  ])("hands a job that is %s out when it is due", async (_, outcome) => {
    const queue = freshQueue();
    await add(queue);
    const [held] = await lease(queue);
    const reportedAt = performance.now();
    expect(await whileWrong(() => report(queue, held, outcome))).toBe("APPLIED");
    expect(await lease(queue, { wait: seconds(20) })).toMatchObject([{ jobId: held?.jobId, attempt: 2 }]);
    const tookMs = performance.now() - reportedAt;
    expect(tookMs).toBeGreaterThan(1900);
    expect(tookMs).toBeLessThan(12_000);
  });

  it("hands a job out that another server has put off, when it is due", async () => {
    const queue = freshQueue();
    await add(queue, 2);
    const [soon, late] = await lease(queue, { maxJobs: 2 });
    await report(queue, soon, { postpone: { delay: seconds(1) } });
    await report(queue, late, { postpone: { delay: seconds(300) } });
    const wanted = { maxJobs: 2, wait: seconds(5) };
    expect(await whileWrong(() => lease(queue, wanted))).toMatchObject([{ jobId: soon?.jobId, attempt: 2 }]);
  });
});
