import { describe, expect, it } from "vitest";
import type { Job } from "../../../clients/typescript/src/index.js";
import { add, countsOf, freshQueue, posta, stateOf } from "../../queue/work/work-setup.js";
import { type Data, jobOf, signal, start } from "./worker-setup.js";

/** What a worker does while nothing goes wrong: clients/typescript/README.md. */

describe("a worker", () => {
  it("hands each job to the handler, and reports what it returns", async () => {
    const queue = freshQueue();
    const { jobId } = await posta.client.queue(
      "AddJob",
      { queue, job: { name: "welcome", dataJson: '{"to":"ada"}', options: { attempts: 3, priority: 7 } } },
      { metadata: { "x-request-id": "request-1" } },
    );
    const seen = signal<Job<unknown>>();
    start(queue, async (job) => {
      seen.come(job);
      return { sent: true };
    });
    const job = await seen.came;
    expect(job).toMatchObject({ id: jobId, name: "welcome", queue, attempt: 1, attemptsFailed: 0, maxAttempts: 3 });
    expect(job).toMatchObject({ data: { to: "ada" }, priority: 7, requestId: "request-1", timesLost: 0, progress: 0 });
    expect(job.options).toMatchObject({ attempts: 3 });
    expect(Math.abs(Date.now() - job.createdAt.getTime())).toBeLessThan(60_000);
    await expect.poll(() => stateOf(queue, jobId)).toBe("COMPLETED");
    expect((await jobOf(queue, jobId)).returnValueJson).toBe('{"sent":true}');
  });

  it("does never more jobs at a time than it may, and all of them", async () => {
    const queue = freshQueue();
    let [now, most, done] = [0, 0, 0];
    await add(queue, 200);
    const worker = start(
      queue,
      async () => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
      },
      { concurrency: 7 },
    );
    worker.on("completed", () => {
      done += 1;
    });
    await expect.poll(() => done).toBe(200);
    expect(most).toBe(7);
    expect(await countsOf(queue)).toMatchObject({ active: 0, waiting: 0, completed: 200 });
  });

  it("takes handlers that are no promises, and values that are none", async () => {
    const queue = freshQueue();
    const ids = await add(queue, 3);
    const results = [undefined, null, () => {}];
    start(queue, ({ data }) => results[data.n]);
    for (const id of ids) {
      await expect.poll(() => stateOf(queue, id)).toBe("COMPLETED");
      expect((await jobOf(queue, id)).returnValueJson).toBe("null");
    }
  });

  it("says who it is, and whether it is connected", async () => {
    const queue = freshQueue();
    const worker = start(queue, () => {}, { name: `named-${queue}`, version: "mailer 1.4.2", concurrency: 3 });
    expect(worker.isConnected).toBe(false);
    const list = async () => (await posta.client.worker("ListWorkers", { queue })).workers;
    await expect.poll(list).toMatchObject([{ worker: `named-${queue}`, version: "mailer 1.4.2" }]);
    expect(worker).toMatchObject({ isConnected: true, name: `named-${queue}`, running: 0 });
    expect((await list())[0].queues).toEqual([{ queue, maxInFlight: 3, inFlight: 0 }]);
    expect(worker.lines).toEqual([`posta: ${queue}: connected to 127.0.0.1:${posta.port}`]);
  });

  it.each([
    ["concurrency", { concurrency: 1001 }],
    ["leaseMs", { leaseMs: 2999 }],
    ["stopMs", { stopMs: Number.NaN }],
    ["address", { address: [] }],
  ])("refuses a wrong %s at once", (field, options) => {
    expect(() => start("q", () => {}, options)).toThrow(new RegExp(`^${field}: `));
  });
});

describe("the context of a job", () => {
  it("writes down progress, log and data before the outcome, awaited or not", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    start(queue, async (_, { progress, log, updateData }) => {
      await progress(50);
      await progress({ percent: 75 });
      for (let line = 0; line < 100; line += 1) void log(`line ${line}`);
      void updateData({ n: "changed" });
    });
    await expect.poll(() => stateOf(queue, id as string)).toBe("COMPLETED");
    expect(await jobOf(queue, id)).toMatchObject({ progressJson: '{"percent":75}', dataJson: '{"n":"changed"}' });
    const { lines } = await posta.client.queue("ListJobLogs", { queue, jobId: id });
    expect(lines).toEqual(Array.from({ length: 100 }, (_, line) => `line ${line}`));
  });

  it("rejects what Posta does not take, and what comes too late; who does not wait need not care", async () => {
    const queue = freshQueue();
    await add(queue);
    const late = signal<Promise<void>>();
    const problems: unknown[] = [];
    start(queue, async (_: Job<Data>, { progress, log, updateData }) => {
      void progress("x".repeat(70_000));
      await progress("x".repeat(70_000)).catch((error) => problems.push(error.message));
      await updateData("x".repeat(5 << 20)).catch((error) => problems.push(error.message));
      const circle: { self?: unknown } = {};
      circle.self = circle;
      await updateData(circle).catch((error) => problems.push(error.message));
      setImmediate(() =>
        setImmediate(() => late.come(log("too late").catch((error) => void problems.push(error.message)))),
      );
    });
    await await late.came;
    expect(problems).toEqual([
      expect.stringMatching(/progress_json: 70002 bytes is over 65536/),
      expect.stringMatching(/^an update of 5\d+ bytes is over/),
      expect.stringMatching(/circular/),
      "the job is over: update it before its handler ends",
    ]);
  });
});
