import { Queue as BullQueue } from "bullmq";
import { describe, expect, it, onTestFinished } from "vitest";
import { patientWaiter } from "../../../src/batching/waiter.js";
import { type ErrorCode, PostaError } from "../../../src/errors/posta-error.js";
import { Leaser, type LeaserParts } from "../../../src/queue/work/leaser.js";
import { ScheduledRuns } from "../../../src/queue/work/scheduled-runs.js";
import type { BullAdapter } from "../../../src/store/bullmq/adapter.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { add, connection, countsOf, freshQueue, lease, posta, redis, report, withWork } from "./work-setup.js";

/** Runs of schedules, whose next runs cannot be added. */

/** A queue with a schedule whose first run is in line. */
async function addSchedule() {
  const queue = freshQueue();
  const bull = new BullQueue(queue, { connection, prefix: posta.prefix });
  onTestFinished(() => bull.close());
  const run = await bull.upsertJobScheduler("hourly", { every: 3_600_000 }, { name: "n", opts: { attempts: 3 } });
  return { queue, runId: run?.id as string };
}

/** Leases up to two jobs in a server that fails to add the next run of a schedule. */
function leaseFailing(queue: string, code: ErrorCode) {
  return withWork(async ({ batcher }) => {
    const bull = { run: () => Promise.reject(new PostaError(code, "it failed")) } as unknown as BullAdapter;
    const parts = {
      batcher,
      scheduled: new ScheduledRuns(bull, createLog("test", "silent")),
      watch: {},
      worked: { note() {} },
      counts: { count() {} },
    };
    const request = { worker: "w", count: 2, maxBytes: 1 << 20, leaseMs: 30_000, repeatKey: "" };
    return new Leaser(parts as unknown as LeaserParts).take(queue, request, patientWaiter);
  });
}

describe.each<ErrorCode>(["unavailable", "expired", "exhausted"])(
  "a run of a schedule that the store cannot continue now (%s)",
  (code) => {
    it("goes back in line, and the next worker continues the schedule", async () => {
      const { queue, runId } = await addSchedule();
      await expect(leaseFailing(queue, code)).rejects.toMatchObject({ code: "unavailable", retryAfterMs: 500 });
      expect(await countsOf(queue)).toMatchObject({ waiting: 1, active: 0, delayed: 0 });
      const [held] = await lease(queue);
      expect(held).toMatchObject({ jobId: runId, timesLost: 0 });
      expect(await report(queue, held, { complete: {} })).toBe("APPLIED");
      expect(await countsOf(queue)).toMatchObject({ completed: 1, delayed: 1 });
    });

    it("does not fail yet if it must fail, so that the next lease continues the schedule", async () => {
      const { queue, runId } = await addSchedule();
      await redis.hset(`${posta.prefix}:${queue}:${runId}`, "defa", "given up");
      await expect(leaseFailing(queue, code)).rejects.toMatchObject({ code: "unavailable" });
      expect(await countsOf(queue)).toMatchObject({ waiting: 1, active: 0, failed: 0, delayed: 0 });
      expect(await lease(queue)).toEqual([]);
      expect(await countsOf(queue)).toMatchObject({ waiting: 0, active: 0, failed: 1, delayed: 1 });
    });

    it("keeps no other job from its worker", async () => {
      const { queue } = await addSchedule();
      const [other] = await add(queue);
      expect(await leaseFailing(queue, code)).toMatchObject([{ id: other }]);
      expect(await countsOf(queue)).toMatchObject({ waiting: 1, active: 1, delayed: 0 });
    });
  },
);

describe("a run of a schedule that is odd", () => {
  it("goes to its worker: to try again would not help", async () => {
    const { queue, runId } = await addSchedule();
    expect(await leaseFailing(queue, "internal")).toMatchObject([{ id: runId }]);
  });
});
