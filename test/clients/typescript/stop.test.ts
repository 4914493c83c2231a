import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { WorkerStopped } from "../../../clients/typescript/src/index.js";
import { add, countsOf, freshQueue, posta, stateOf } from "../../queue/work/work-setup.js";
import { freePort } from "../../support/posta.js";
import { jobOf, signal, start, startBehindProxy } from "./worker-setup.js";

/** How a worker stops. */

const long = { stopMs: 30_000 };
const short = { stopMs: 200 };

describe("a worker that stops", () => {
  it("takes no more jobs, and waits for those that run and for their acknowledgements", async () => {
    const queue = freshQueue();
    const [id] = await add(queue, 3);
    const [begun, mayEnd] = [signal(), signal()];
    const worker = start(
      queue,
      async () => {
        begun.come();
        await mayEnd.came;
      },
      { ...long, concurrency: 1 },
    );
    const left = once(worker, "stopped");
    await begun.came;
    const stopped = worker.stop();
    await expect.poll(async () => (await posta.client.worker("ListWorkers", { queue })).workers[0].draining).toBe(true);
    mayEnd.come();
    await stopped;
    expect(await left).toEqual([{ running: 0, unreported: 0 }]);
    expect(await stateOf(queue, id as string)).toBe("COMPLETED");
    expect(await countsOf(queue)).toMatchObject({ active: 0, waiting: 2, completed: 1 });
    await worker.stopped;
    await worker.stop();
  });

  it("puts jobs back that come while it stops", async () => {
    const queue = freshQueue();
    let runs = 0;
    const { proxy, worker } = await startBehindProxy(
      queue,
      () => {
        runs += 1;
      },
      long,
    );
    proxy.holdAnswers(true);
    const [id] = await add(queue);
    await expect.poll(() => stateOf(queue, id as string)).toBe("ACTIVE");
    const stopped = worker.stop();
    proxy.holdAnswers(false);
    await stopped;
    expect(await jobOf(queue, id)).toMatchObject({ state: "WAITING", attemptsMade: 0, attemptsStarted: 1 });
    expect(runs).toBe(0);
  });

  it("aborts what runs too long; a job whose handler stops is next in line, and its attempt does not count", async () => {
    const queue = freshQueue();
    const [id] = await add(queue, 1, { attempts: 1 });
    const [begun, reason] = [signal(), signal<unknown>()];
    const worker = start(
      queue,
      async (_, { signal }) => {
        begun.come();
        await sleep(60_000, undefined, { signal }).finally(() => reason.come(signal.reason));
      },
      short,
    );
    await begun.came;
    await worker.stop();
    expect(await reason.came).toBeInstanceOf(WorkerStopped);
    expect(await jobOf(queue, id)).toMatchObject({ state: "WAITING", attemptsMade: 0 });
  });

  it("leaves a job to its lease whose handler ignores the abort", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const [begun, mayEnd] = [signal(), signal()];
    const late = signal<unknown>();
    const worker = start(
      queue,
      async (_, { log }) => {
        begun.come();
        await mayEnd.came;
        await log("late").catch((error) => late.come(error.message));
      },
      short,
    );
    const left = once(worker, "stopped");
    await begun.came;
    const from = performance.now();
    await worker.stop();
    expect(performance.now() - from).toBeLessThan(5000);
    expect(await left).toEqual([{ running: 1, unreported: 0 }]);
    mayEnd.come();
    expect(await late.came).toBe("the worker has stopped");
    expect(await stateOf(queue, id as string)).toBe("ACTIVE"); // Nobody else has it while it may still run.
    expect(worker.lines.at(-1)).toMatch(/: stopped; 1 jobs run on, 0 are not reported$/);
  });

  it("ends in bounded time when its server is gone, and says what is not reported", async () => {
    const queue = freshQueue();
    const [begun, mayEnd] = [signal(), signal()];
    const { proxy, worker } = await startBehindProxy(
      queue,
      async () => {
        begun.come();
        await mayEnd.came;
      },
      short,
    );
    const left = once(worker, "stopped");
    await add(queue);
    await begun.came;
    proxy.lead(await freePort());
    proxy.cut();
    mayEnd.come();
    const from = performance.now();
    await worker.stop();
    expect(performance.now() - from).toBeLessThan(5000);
    expect(await left).toEqual([{ running: 0, unreported: 1 }]);
  });

  it("ends in bounded time when its server is silent", async () => {
    const { proxy, worker } = await startBehindProxy(freshQueue(), () => {}, short);
    proxy.holdAnswers(true);
    const from = performance.now();
    await worker.stop();
    expect(performance.now() - from).toBeLessThan(5000);
  });

  it("ends at once when it never had a server", async () => {
    const worker = start(freshQueue(), () => {}, { ...long, address: `127.0.0.1:${await freePort()}` });
    const from = performance.now();
    await worker.stop();
    expect(performance.now() - from).toBeLessThan(5000);
  });

  it("does so also when an operator asks it to", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const [begun, mayEnd] = [signal(), signal()];
    const worker = start(
      queue,
      async () => {
        begun.come();
        await mayEnd.came;
      },
      { ...long, concurrency: 1 },
    );
    await begun.came;
    await expect
      .poll(() => posta.client.worker("DrainWorker", { worker: worker.name }).catch((error) => error.details))
      .toEqual({});
    await once(worker, "drainOrdered");
    mayEnd.come();
    await worker.stopped;
    expect(await stateOf(queue, id as string)).toBe("COMPLETED");
  });
});
