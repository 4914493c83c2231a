import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { JobCancelled, LeaseLost } from "../../../clients/typescript/src/index.js";
import { add, checkLeases, countsOf, freshQueue, posta, stateOf } from "../../queue/work/work-setup.js";
import { jobOf, signal, start, takeLease } from "./worker-setup.js";

/** What a worker hears while its jobs run: cancel orders, lost leases, an order to drain. */

const untilAborted = (aborted: AbortSignal) => sleep(60_000, undefined, { signal: aborted });
const cancel = (queue: string, jobId: string | undefined, reason: string, rest: object = {}) =>
  posta.client.worker("CancelJob", { queue, jobId, reason, ...rest });

describe("a cancelled job", () => {
  it("has its signal aborted, and fails for good with the reason", async () => {
    const queue = freshQueue();
    const [id] = await add(queue, 1, { attempts: 5 });
    const [begun, aborted] = [signal(), signal<unknown>()];
    start(queue, async (_, { signal }) => {
      begun.come();
      await untilAborted(signal).finally(() => aborted.come(signal.reason));
    });
    await begun.came;
    await cancel(queue, id, "the user has gone");
    expect(await aborted.came).toBeInstanceOf(JobCancelled);
    expect(await aborted.came).toMatchObject({ reason: "the user has gone" });
    await expect.poll(() => stateOf(queue, id as string)).toBe("FAILED");
    expect(await jobOf(queue, id)).toMatchObject({ failedReason: "cancelled: the user has gone" });
  });

  it("says in its handler's words what it had come to", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const begun = signal();
    start(queue, async (_, { signal }) => {
      begun.come();
      await untilAborted(signal).catch(() => {
        throw new Error("stopped after page 7");
      });
    });
    await begun.came;
    await cancel(queue, id, "");
    await expect.poll(() => stateOf(queue, id as string)).toBe("FAILED");
    expect(await jobOf(queue, id)).toMatchObject({ failedReason: "stopped after page 7" });
  });

  it("that returns all the same is done", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const begun = signal();
    start(queue, async (_, context) => {
      begun.come();
      await untilAborted(context.signal).catch(() => {});
      return "done anyway";
    });
    await begun.came;
    await cancel(queue, id, "");
    await expect.poll(() => stateOf(queue, id as string)).toBe("COMPLETED");
  });

  it("that returns after the grace has failed already: it is lost, and not completed", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const [begun, mayEnd] = [signal(), signal()];
    const worker = start(queue, async () => {
      begun.come();
      await mayEnd.came;
      return "too late";
    });
    const fate = Promise.race(["lost", "completed"].map((name) => once(worker, name).then(() => name)));
    await begun.came;
    await cancel(queue, id, "", { grace: { seconds: 0, nanos: 1e6 } });
    await checkLeases();
    expect(await stateOf(queue, id as string)).toBe("FAILED");
    mayEnd.come();
    expect(await fate).toBe("lost");
  });
});

describe("a lost lease", () => {
  it("aborts the handler, and nothing is reported; its place is free when the handler ends", async () => {
    const queue = freshQueue();
    const [lost, next] = await add(queue, 2);
    const [begun, aborted, mayEnd, ended] = [signal(), signal<unknown>(), signal(), signal()];
    let second = 0;
    const worker = start(
      queue,
      async ({ data }, { signal }) => {
        if (data.n === 1) {
          second += 1;
          return;
        }
        begun.come();
        await untilAborted(signal).catch(() => aborted.come(signal.reason));
        await mayEnd.came;
        ended.come();
      },
      { leaseMs: 3000, concurrency: 1 },
    );
    const told = once(worker, "lost");
    await begun.came;
    await takeLease(queue, lost);
    expect(await aborted.came).toBeInstanceOf(LeaseLost);
    expect(await told).toMatchObject([{ id: lost }]);
    expect(worker.running).toBe(0);
    // The handler still runs, so the server is told that there is no room: other workers could have the job.
    await expect
      .poll(async () => (await posta.client.worker("ListWorkers", { queue })).workers[0]?.queues[0]?.maxInFlight)
      .toBe(0);
    expect(second).toBe(0);
    mayEnd.come();
    await ended.came;
    await expect.poll(() => stateOf(queue, next as string)).toBe("COMPLETED");
    expect(await countsOf(queue)).toMatchObject({ active: 1, completed: 1, failed: 0 });
    expect(worker.lines.at(-1)).toMatch(/^posta: \S+: the lease of job \S+, attempt 1, is lost$/);
  });

  it("is heard of by the report, and the report is not repeated", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const worker = start(queue, () => takeLease(queue, id));
    let completed = 0;
    worker.on("completed", () => {
      completed += 1;
    });
    const [job] = await once(worker, "lost");
    expect(job.id).toBe(id);
    expect(await countsOf(queue)).toMatchObject({ active: 1, completed: 0, failed: 0 });
    await worker.stop(); // Nothing waits to be reported.
    expect(completed).toBe(0);
  });

  it("is heard of by an update", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const reason = signal<unknown>();
    const worker = start(queue, async (_, { signal, progress }) => {
      await takeLease(queue, id);
      await progress(1).catch((error) => reason.come([error, signal.reason]));
    });
    expect(await reason.came).toMatchObject([{ name: "LeaseLost" }, { name: "LeaseLost" }]);
    expect(worker.running).toBe(0);
  });
});
