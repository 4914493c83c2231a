import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { add, checkLeases, countsOf, endLease, freshQueue, posta, stateOf } from "../../queue/work/work-setup.js";
import { freePort } from "../../support/posta.js";
import { signal, start, startAnother, startBehindProxy } from "./worker-setup.js";

/** Connections break, servers come and go; jobs run on. */

describe("a worker whose connection breaks", () => {
  it("lets its jobs run on, and reports them in the next session: one execution", async () => {
    const queue = freshQueue();
    const [begun, mayEnd] = [signal(), signal()];
    let runs = 0;
    const { proxy, worker } = await startBehindProxy(queue, async (_, { progress }) => {
      runs += 1;
      await progress(1); // By then Posta knows that the job has come.
      begun.come();
      await mayEnd.came;
    });
    const [id] = await add(queue);
    await begun.came;
    const again = once(worker, "connected");
    proxy.cut();
    await again;
    expect(await stateOf(queue, id as string)).toBe("ACTIVE");
    mayEnd.come();
    await expect.poll(() => stateOf(queue, id as string)).toBe("COMPLETED");
    expect(runs).toBe(1);
    expect(worker.lines).toEqual([
      expect.stringMatching(/: connected to /),
      expect.stringMatching(/: no connection \(.*UNAVAILABLE: .*\); trying again in \d+ ms$/),
      expect.stringMatching(/: connected to /),
    ]);
  });

  it("repeats reports whose acknowledgements were lost", async () => {
    const queue = freshQueue();
    const { proxy, worker } = await startBehindProxy(queue, async () => proxy.holdAnswers(true));
    let completed = 0;
    worker.on("completed", () => {
      completed += 1;
    });
    const [id] = await add(queue);
    await expect.poll(() => stateOf(queue, id as string)).toBe("COMPLETED");
    expect(completed).toBe(0);
    proxy.holdAnswers(false);
    proxy.cut();
    await expect.poll(() => completed).toBe(1);
    expect(worker.lines.join()).not.toMatch(/lost/);
  });

  it("resumes many jobs at once, and does each once, while the connection breaks again and again", async () => {
    const queue = freshQueue();
    const begun = new Map<string, number>();
    let completed = 0;
    const { proxy, worker } = await startBehindProxy(
      queue,
      async ({ id }) => {
        begun.set(id, (begun.get(id) ?? 0) + 1);
        await new Promise((resolve) => setImmediate(resolve));
      },
      { concurrency: 100 },
    );
    worker.on("completed", () => {
      completed += 1;
    });
    await add(queue, 1000);
    for (let cuts = 0; cuts < 5; cuts += 1) {
      const [before, again] = [completed, once(worker, "connected")];
      await expect.poll(() => completed).toBeGreaterThan(before);
      proxy.cut();
      await again;
    }
    await expect.poll(() => countsOf(queue)).toMatchObject({ active: 0, waiting: 0, delayed: 0, completed: 1000 });
    // A job whose report was on its way when the connection broke may have run again.
    expect(begun.size).toBe(1000);
    expect(worker.running).toBe(0);
  });

  it("tells by missing pongs that a connection is dead, and opens another", async () => {
    const queue = freshQueue();
    const { proxy, worker } = await startBehindProxy(queue, () => {}, { leaseMs: 3000 });
    const broken = once(worker, "disconnected");
    proxy.holdAnswers(true);
    const [error] = await broken;
    expect(error.message).toMatch(/UNAVAILABLE: 3 heartbeats had no answer$/);
    const again = once(worker, "connected");
    proxy.holdAnswers(false);
    await again;
    const [id] = await add(queue);
    await expect.poll(() => stateOf(queue, id as string)).toBe("COMPLETED");
  });

  it("hears in the welcome which of its leases are lost, and stops these jobs", async () => {
    const queue = freshQueue();
    const [begun, reason] = [signal<{ id: string }>(), signal<unknown>()];
    const { proxy, worker } = await startBehindProxy(queue, async (job, context) => {
      if (job.attempt > 1) return;
      begun.come(job);
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      reason.come(context.signal.reason);
    });
    const dead = await freePort();
    await add(queue);
    const { id: jobId } = await begun.came;
    proxy.lead(dead);
    proxy.cut();
    await endLease(queue, { jobId });
    await checkLeases();
    expect(await stateOf(queue, jobId)).toBe("WAITING");
    const again = once(worker, "connected");
    proxy.lead(posta.port);
    await again;
    expect(await reason.came).toMatchObject({ name: "LeaseLost" });
    await expect.poll(() => stateOf(queue, jobId)).toBe("COMPLETED");
  });
});

describe("a worker whose server", () => {
  it("is not there yet waits for it", async () => {
    const port = await freePort();
    const queue = freshQueue();
    const [id] = await add(queue);
    const worker = start(queue, () => {}, { address: `127.0.0.1:${port}` });
    const [error] = await once(worker, "disconnected");
    expect(error.message).toMatch(/UNAVAILABLE/);
    const connected = once(worker, "connected");
    await startAnother({ POSTA_GRPC_PORT: String(port) });
    await connected;
    await expect.poll(() => stateOf(queue, id as string)).toBe("COMPLETED");
  });

  it("is dead goes to the next address", async () => {
    const queue = freshQueue();
    const addresses = [await freePort(), posta.port, await freePort()].map((port) => `127.0.0.1:${port}`);
    for (let turn = 0; turn < 3; turn += 1) {
      const worker = start(queue, () => {}, { address: addresses });
      expect(await once(worker, "connected")).toEqual([addresses[1]]);
      await worker.stop();
    }
  });

  it("stops opens a session elsewhere before the old one ends; jobs run on, and none runs twice", async () => {
    const queue = freshQueue();
    const leaving = await startAnother();
    const [begun, mayEnd] = [signal(), signal()];
    let runs = 0;
    const handler = async () => {
      runs += 1;
      if (runs > 1) return;
      begun.come();
      await mayEnd.came;
    };
    const { proxy, worker } = await startBehindProxy(queue, handler, { port: leaving.port, concurrency: 2 });
    let breaks = 0;
    worker.on("disconnected", () => {
      breaks += 1;
    });
    const [id] = await add(queue);
    await begun.came;
    proxy.lead(posta.port);
    const [again, began] = [once(worker, "connected"), performance.now()];
    const stopped = leaving.stop();
    await again;
    await stopped;
    // The worker has ended the old session: the server need not wait until its patience ends.
    expect(performance.now() - began).toBeLessThan(4000);
    const [next] = await add(queue);
    await expect.poll(() => stateOf(queue, next as string)).toBe("COMPLETED");
    mayEnd.come();
    await expect.poll(() => stateOf(queue, id as string)).toBe("COMPLETED");
    expect(runs).toBe(2);
    expect([breaks, proxy.taken]).toEqual([0, 2]);
  });

  it("stops, and is the only one, still takes the reports of jobs that end soon", async () => {
    const queue = freshQueue();
    const leaving = await startAnother();
    const [begun, mayEnd] = [signal(), signal()];
    const handler = async () => {
      begun.come();
      await mayEnd.came;
    };
    const { proxy, worker } = await startBehindProxy(queue, handler, { port: leaving.port });
    const [id] = await add(queue);
    await begun.came;
    proxy.lead(await freePort());
    const refused = once(worker, "disconnected");
    const stopped = leaving.stop();
    await refused;
    mayEnd.come();
    await expect.poll(() => stateOf(queue, id as string)).toBe("COMPLETED");
    expect(worker.isConnected).toBe(false);
    proxy.cut();
    await stopped;
  });
});
