import { describe, expect, it } from "vitest";
import { type Message, open } from "./session-setup.js";
import { add, checkLeases, endLease, freshQueue, lease, posta, redis, report, seconds } from "./work-setup.js";

/** What workers write down while they work: progress, lines of the log, data. */

async function update(queue: string, held: { jobId: string; leaseToken: string }, ...updates: object[]) {
  const { jobId, leaseToken } = held;
  const { results } = await posta.client.worker("UpdateLeasedJobs", {
    queue,
    updates: updates.map((one) => ({ jobId, leaseToken, ...one })),
  });
  return (results as Message[]).map(({ verdict, error }) => error?.message ?? verdict.replace("REPORT_VERDICT_", ""));
}

const jobOf = async (queue: string, jobId: string) => (await posta.client.queue("GetJob", { queue, jobId })).job;
const logsOf = async (queue: string, jobId: string) =>
  (await posta.client.queue("ListJobLogs", { queue, jobId })).lines as string[];

describe("updates of leased jobs", () => {
  it("are seen by those who look at the job, and by the next attempt", async () => {
    const queue = freshQueue();
    await add(queue, 1, { attempts: 2 });
    const [job] = await lease(queue);
    const updates = [{ progressJson: '{"done":40}' }, { log: "first" }, { log: "second" }, { dataJson: '{"n":7}' }];
    expect(await update(queue, job as never, ...updates)).toEqual(Array(4).fill("APPLIED"));
    expect(await jobOf(queue, job?.jobId as string)).toMatchObject({
      progressJson: '{"done":40}',
      dataJson: '{"n":7}',
    });
    expect(await logsOf(queue, job?.jobId as string)).toEqual(["first", "second"]);
    await report(queue, job, { fail: { message: "no", retryDelay: seconds(0) } });
    expect(await lease(queue)).toMatchObject([{ progressJson: '{"done":40}', dataJson: '{"n":7}' }]);
  });

  it("tell of progress by an event", async () => {
    const queue = freshQueue();
    await add(queue);
    const [job] = await lease(queue);
    await update(queue, job as never, { progressJson: "50" });
    const [, fields] = (await redis.xrevrange(`${posta.prefix}:${queue}:events`, "+", "-", "COUNT", 1))[0] as never as [
      string,
      string[],
    ];
    expect(fields).toEqual(["event", "progress", "jobId", job?.jobId, "data", "50"]);
  });

  it("of who has lost the lease change nothing", async () => {
    const queue = freshQueue();
    await add(queue);
    const [job] = await lease(queue);
    await endLease(queue, job as never);
    expect(await update(queue, job as never, { progressJson: "1" })).toEqual(["APPLIED"]); // Nobody has taken the job.
    await checkLeases();
    const [next] = await lease(queue);
    const stale = [{ progressJson: "2" }, { log: "late" }, { dataJson: "{}" }];
    expect(await update(queue, job as never, ...stale)).toEqual(Array(3).fill("LEASE_LOST"));
    expect(await jobOf(queue, job?.jobId as string)).toMatchObject({ progressJson: "1", dataJson: '{"n":0}' });
    expect(await logsOf(queue, job?.jobId as string)).toEqual([]);
    await report(queue, next, { complete: {} });
    expect(await update(queue, next as never, { log: "after the end" })).toEqual(["LEASE_LOST"]);
  });

  it("in a session are applied before the report that follows them", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1);
    await add(queue);
    await expect.poll(() => session.jobs().length).toBe(1);
    const [{ jobId, leaseToken }] = session.jobs() as [Message];
    const at = (reportId: number, one: object) => ({ reportId, queue, update: { jobId, leaseToken, ...one } });
    session.stream.write({ updates: { updates: [at(1, { progressJson: "90" }), at(2, { log: "almost" })] } });
    session.report(queue, { jobId, leaseToken } as Message, { complete: {} }, 3);
    const acks = await session.acks(3);
    expect(acks.map(({ reportId, result }) => [reportId, result.verdict])).toEqual(
      [1, 2, 3].map((reportId) => [reportId, "REPORT_VERDICT_APPLIED"]),
    );
    expect(await jobOf(queue, jobId)).toMatchObject({ progressJson: "90", state: "JOB_STATE_COMPLETED" });
    expect(await logsOf(queue, jobId)).toEqual(["almost"]);
  });

  it("that are wrong fail alone, with the field", async () => {
    const queue = freshQueue();
    await add(queue);
    const [job] = await lease(queue);
    const results = await update(
      queue,
      job as never,
      { progressJson: "{" },
      { progressJson: JSON.stringify("x".repeat(70_000)) },
      {},
      { log: "fine" },
    );
    expect(results).toEqual([
      expect.stringMatching(/^updates\[0\]\.progress_json: is not JSON/),
      expect.stringMatching(/^updates\[1\]\.progress_json: .* over 65536/),
      expect.stringMatching(/^updates\[2\]\.update: is required/),
      "APPLIED",
    ]);
  });
});
