import { status } from "@grpc/grpc-js";
import { type BackoffOptions, Queue as BullQueue } from "bullmq";
import { describe, expect, it } from "vitest";
import {
  add,
  checkLeases,
  connection,
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

/** What workers are promised of their reports: docs/workers.md. */

describe("a report", () => {
  it.each<[string, object, string]>([
    ["complete", { complete: { returnValueJson: "1" } }, "COMPLETED"],
    ["failed for good", { fail: { message: "m", unrecoverable: true } }, "FAILED"],
    ["failed, to be tried later", { fail: { message: "m", retryDelay: seconds(60) } }, "DELAYED"],
    ["failed, to be tried now", { fail: { message: "m", retryDelay: seconds(0) } }, "WAITING"],
    ["released", { release: {} }, "WAITING"],
    ["postponed", { postpone: { delay: seconds(60) } }, "DELAYED"],
    ["rate-limited", { rateLimited: { duration: seconds(60) } }, "WAITING"],
  ])("that a job is %s is applied once, and known when it comes again", async (_, outcome, state) => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const [held] = await lease(queue);
    expect(await report(queue, held, outcome)).toBe("APPLIED");
    expect(await report(queue, held, outcome)).toBe("ALREADY_APPLIED");
    expect(await stateOf(queue, id as string)).toBe(state);
  });

  it.each<[string, BackoffOptions, [least: number, most: number]]>([
    ["its delay", { type: "by-hand", delay: 60_000 }, [60_000, 60_000]],
    ["its delay with jitter", { type: "by-hand", delay: 60_000, jitter: 0.5 }, [30_000, 60_000]],
    ["0", { type: "by-hand" }, [0, 0]],
  ])(
    "of a failure lets a job with a backoff that only its own worker knows wait for %s",
    async (_, backoff, bounds) => {
      const queue = freshQueue();
      const bull = new BullQueue(queue, { connection, prefix: posta.prefix });
      releases.push(() => bull.close());
      const { id } = await bull.add("n", {}, { attempts: 3, backoff });
      const [held] = await lease(queue);
      expect(await report(queue, held, { fail: { message: "m" } })).toBe("APPLIED");
      const [least, most] = bounds;
      const delay = (await bull.getJob(id as string))?.delay;
      expect(delay).toBeGreaterThanOrEqual(least);
      expect(delay).toBeLessThanOrEqual(most);
      expect(await stateOf(queue, id as string)).toBe(most > 0 ? "DELAYED" : "WAITING");
    },
  );

  it("of a job that is removed at once is known when it comes again", async () => {
    const queue = freshQueue();
    await add(queue, 1, { keepOnComplete: { count: 0 } });
    const [held] = await lease(queue);
    expect(await report(queue, held, { complete: {} })).toBe("APPLIED");
    expect(await report(queue, held, { complete: {} })).toBe("ALREADY_APPLIED");
  });

  it("after the lease has ended is applied while nobody has taken the job", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const [held] = await lease(queue);
    await endLease(queue, held as Held);
    expect(await report(queue, held, { complete: { returnValueJson: '"late"' } })).toBe("APPLIED");
    expect(await stateOf(queue, id as string)).toBe("COMPLETED");
  });

  it("is lost once the job is in line again, or with another worker", async () => {
    const queue = freshQueue();
    await add(queue);
    const [first] = await lease(queue);
    await endLease(queue, first as Held);
    await checkLeases();
    expect(await report(queue, first, { complete: {} })).toBe("LEASE_LOST");
    const [second] = await lease(queue);
    expect(second).toMatchObject({ jobId: first?.jobId, attempt: 2, timesLost: 1 });
    expect(await report(queue, first, { complete: {} })).toBe("LEASE_LOST");
    expect(await report(queue, second, { complete: {} })).toBe("APPLIED");
    expect(await report(queue, first, { fail: { message: "late" } })).toBe("LEASE_LOST");
  });

  it("among many fails alone, each with the path of its field", async () => {
    const queue = freshQueue();
    await add(queue, 2);
    const [one, two] = await lease(queue, { maxJobs: 2 });
    const { jobId, leaseToken } = one as Held;
    const reports = [
      { jobId, leaseToken },
      { jobId, leaseToken, complete: { returnValueJson: "{" } },
      { jobId, leaseToken: "posta:guess", complete: {} },
      { jobId: two?.jobId, leaseToken: two?.leaseToken, complete: {} },
      { jobId, leaseToken, postpone: {} },
    ];
    const { results } = await posta.client.worker("ReportOutcomes", { queue, reports });
    const shown = results.map(({ verdict, error }: { verdict: string; error: { message: string } | null }) =>
      error ? error.message : verdict,
    );
    expect(shown).toEqual([
      expect.stringMatching(/^reports\[0\]\.outcome: is required/),
      expect.stringMatching(/^reports\[1\]\.complete\.return_value_json: is not JSON/),
      expect.stringMatching(/^reports\[2\]\.lease_token: "posta:guess" is no token/),
      "REPORT_VERDICT_APPLIED",
      expect.stringMatching(/^reports\[4\]\.postpone\.delay: is required/),
    ]);
  });

  it("by another job's token, or a token that was made up, changes nothing", async () => {
    const queue = freshQueue();
    await add(queue, 2);
    const [one, two] = (await lease(queue, { maxJobs: 2 })) as [Held, Held];
    expect(await report(queue, { ...one, leaseToken: two.leaseToken }, { complete: {} })).toBe("LEASE_LOST");
    const madeUp = `posta:${"A".repeat(22)}:1:1`;
    expect(await report(queue, { ...one, leaseToken: madeUp }, { complete: {} })).toBe("LEASE_LOST");
    expect(await report(queue, { ...one, jobId: "none" }, { complete: {} })).toBe("LEASE_LOST");
    expect(await stateOf(queue, one.jobId)).toBe("ACTIVE");
  });

  it.each(["events", "active", "meta", "wait", "<id>:lock", "completed"])(
    "on %j, which is another key of the queue, harms no other of its batch",
    async (key) => {
      const queue = freshQueue();
      const [id, done] = await add(queue, 2);
      const [one, two] = (await lease(queue, { maxJobs: 2 })) as [Held, Held];
      const odd = { jobId: key.replace("<id>", id as string), leaseToken: one.leaseToken };
      await redis.zadd(`${posta.prefix}:${queue}:completed`, 1, "x");
      const reports = [
        { ...two, complete: {} },
        { ...odd, complete: {} },
        { ...odd, fail: {} },
      ].map(({ jobId, leaseToken, ...outcome }) => ({ jobId, leaseToken, ...outcome }));
      const { results } = await posta.client.worker("ReportOutcomes", { queue, reports });
      expect(results.map(({ verdict }: { verdict: string }) => verdict.replace("REPORT_VERDICT_", ""))).toEqual([
        "APPLIED",
        "LEASE_LOST",
        "LEASE_LOST",
      ]);
      expect(await stateOf(queue, done as string)).toBe("COMPLETED");
      const leases = [odd, { jobId: one.jobId, leaseToken: one.leaseToken }];
      const extended = await posta.client.worker("ExtendLeases", { queue, leases });
      expect(extended.results.map(({ held }: { held: boolean }) => held)).toEqual([false, true]);
    },
  );

  it.each([
    '{"attempts":"3"}',
    '{"attempts":null,"removeOnComplete":{"count":"5"},"removeOnFail":{"age":null}}',
    "{",
    '"text"',
    '{"backoff":{"type":"exponential","delay":1e300},"attempts":9,"stackTraceLimit":"1"}',
  ])("on a job with the odd options %s settles it and the others", async (opts) => {
    const queue = freshQueue();
    const ids = await add(queue, 3);
    const held = await lease(queue, { maxJobs: 3 });
    for (const id of ids) await redis.hset(`${posta.prefix}:${queue}:${id}`, { opts, stacktrace: "[broken" });
    const [one, two, three] = held.map(({ jobId, leaseToken }) => ({ jobId, leaseToken }));
    const reports = [
      { ...one, complete: {} },
      { ...two, fail: { message: "m", stack: "s" } },
      { ...three, fail: { message: "m", unrecoverable: true } },
    ];
    const { results } = await posta.client.worker("ReportOutcomes", { queue, reports });
    expect(results.map(({ verdict }: { verdict: string }) => verdict)).toEqual(Array(3).fill("REPORT_VERDICT_APPLIED"));
    const states = await Promise.all(ids.map((id) => stateOf(queue, id)));
    expect(states).not.toContain("ORPHANED");
    expect(states).not.toContain("ACTIVE");
  });

  it("on the others of a run counts, though a job that fails at once in the same run is broken", async () => {
    const queue = freshQueue();
    const [broken, odd, gone, fine] = await add(queue, 4);
    const keyOf = (id?: string) => `${posta.prefix}:${queue}:${id}`;
    await redis.hset(keyOf(broken), { defa: "given up", parent: "{", parentKey: "x" });
    await redis.hset(keyOf(odd), { defa: "given up" });
    await redis.del(keyOf(gone));
    await redis.set(keyOf(gone), "no hash");
    await redis.hset(keyOf(fine), { timestamp: "9e300", priority: "x" });
    const jobs = await lease(queue, { maxJobs: 4 });
    expect(jobs).toMatchObject([{ jobId: fine, createTime: null, priority: 0 }]);
    expect(await stateOf(queue, odd as string)).toBe("FAILED");
    expect(await stateOf(queue, broken as string)).toBe("ACTIVE");
    expect(await report(queue, jobs[0], { complete: {} })).toBe("APPLIED");
  });

  it("on a job that cannot be settled says so, and leaves it with its worker and the others settled", async () => {
    const queue = freshQueue();
    const [broken, fine] = await add(queue, 2);
    const held = await lease(queue, { maxJobs: 2 });
    await redis.hset(`${posta.prefix}:${queue}:${broken}`, { parent: "{", parentKey: "x" });
    const reports = held.map(({ jobId, leaseToken }) => ({ jobId, leaseToken, complete: {} }));
    const { results } = await posta.client.worker("ReportOutcomes", { queue, reports });
    expect(results[0].error).toMatchObject({ code: status.INTERNAL, message: expect.stringMatching(/is broken/) });
    expect(await stateOf(queue, broken as string)).toBe("ACTIVE");
    expect(await stateOf(queue, fine as string)).toBe("COMPLETED");
    expect(await report(queue, held[0], { release: {} })).toBe("APPLIED");
  });

  it("keeps only the beginning of a very long message and stack", async () => {
    const queue = freshQueue();
    const [id] = await add(queue, 1, { attempts: 1 });
    const [held] = await lease(queue);
    const fail = { message: "m".repeat(100_000), stack: "s".repeat(100_000) };
    expect(await report(queue, held, { fail })).toBe("APPLIED");
    const { job } = await posta.client.queue("GetJob", { queue, jobId: id });
    expect(job.failedReason).toHaveLength(16 << 10);
    expect(job.stacktrace[0]).toHaveLength(64 << 10);
  });

  it("that gave a job back is known when it comes again, though another worker has the job", async () => {
    const queue = freshQueue();
    await add(queue);
    const [held] = await lease(queue);
    expect(await report(queue, held, { release: {} })).toBe("APPLIED");
    const [next] = await lease(queue, { worker: "another" });
    expect(await report(queue, held, { release: {} })).toBe("ALREADY_APPLIED");
    expect(await report(queue, next, { complete: {} })).toBe("APPLIED");
  });
});
