import { FlowProducer, type JobsOptions } from "bullmq";
import { describe, expect, it } from "vitest";
import { type Add, compare, failure, jobs, timestamp } from "./conformance-setup.js";
import { connection } from "./work-setup.js";

/** What becomes of jobs that wait for others, or that others wait for, by a worker of Posta and by BullMQ's own. */

describe("what a job leaves beside others that", () => {
  it("waits behind others by its priority", () =>
    compare(
      jobs({ priority: 5 }, {}, { priority: 1 }, { lifo: true }, { priority: 1 }),
      async (side) => {
        await side.take(4);
        await side.complete(0, 0);
      },
      ["prioritized", "active"],
    ));

  it("was the last with a priority", () =>
    compare(
      jobs({ priority: 2 }, { priority: 1 }),
      async (side) => {
        await side.take(2);
        await side.take(1);
      },
      ["active"],
    ));

  it("is due, after its delay", () =>
    compare(
      jobs({ delay: 1 }, { delay: 1, priority: 2 }, { delay: 600_000 }),
      async (side, queue) => {
        await expect.poll(() => queue.getDelayedCount().then(() => Date.now() > timestamp + 10)).toBe(true);
        await side.take(2);
      },
      ["active", "delayed"],
    ));

  it.each([true, false])("holds back others by its deduplication id (done: %s)", (isDone) =>
    compare(
      jobs({ deduplication: { id: "one" } }),
      async (side) => {
        await side.take(1);
        if (isDone) await side.complete(0, 1);
        else await side.fail(0, failure);
      },
      ["id", "meta"],
    ),
  );

  it("is followed by the last that came meanwhile with its deduplication id", () =>
    compare(
      jobs({ deduplication: { id: "one", keepLastIfActive: true } }),
      async (side, queue) => {
        await side.take(1);
        const deduplication = { id: "one", keepLastIfActive: true };
        await queue.add("n", { n: 2 }, { jobId: "next", timestamp, deduplication });
        await side.complete(0, 1);
      },
      ["next"],
    ));

  const family =
    (opts: JobsOptions): Add =>
    (queue, prefix) => {
      const producer = new FlowProducer({ connection, prefix });
      const child = (id: string) => ({
        name: "n",
        queueName: queue.name,
        data: {},
        opts: { ...opts, jobId: id, timestamp },
      });
      const parent = { name: "p", queueName: queue.name, data: {}, opts: { jobId: "parent", timestamp } };
      return producer.add({ ...parent, children: [child("c0"), child("c1")] }).finally(() => producer.close());
    };

  it("has a parent that waits for its jobs", () =>
    compare(
      family({}),
      async (side) => {
        await side.take(2);
        await side.complete(0, { a: 1 });
        await side.complete(1, { b: 1 });
        await side.take(1);
      },
      ["parent:processed", "parent:lock"],
    ));

  it.each<[string, JobsOptions]>([
    ["fails with it", { failParentOnFailure: true }],
    ["goes on without it", { continueParentOnFailure: true }],
    ["ignores that", { ignoreDependencyOnFailure: true }],
    ["forgets it", { removeDependencyOnFailure: true }],
  ])("failed, and its parent %s", (_, options) =>
    compare(
      family({ ...options, attempts: 1 }),
      async (side) => {
        await side.take(2);
        await side.fail(0, failure);
      },
      ["parent", "failed"],
    ),
  );
});
