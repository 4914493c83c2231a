import { once } from "node:events";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { BatchWriter } from "../../../src/queue/add/batch.js";
import { parseJob } from "../../../src/queue/job/job.js";
import { Keys } from "../../../src/queue/job/keys.js";
import type { PendingJob } from "../../../src/queue/job/pending-job.js";
import { BullAdapter } from "../../../src/store/bullmq/adapter.js";
import { RedisStore } from "../../../src/store/redis/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";

const prefix = "batch-test";
let store: RedisStore;

beforeAll(async () => {
  store = new RedisStore(
    {
      url: inject("redisUrl"),
      variable: "URL",
      name: "the queue's store",
      prefix,
      timeoutMs: 3000,
      durable: { allowNoAof: true },
    },
    createLog("test", "silent"),
  );
  const usable = once(store, "usable");
  store.open();
  await usable;
});
afterAll(() => store.close());

it("writes no deduplicated job whose deadline passes while BullMQ is loaded, and the others of its batch", async () => {
  const job = (id: string): PendingJob => ({
    id,
    fresh: true,
    spec: parseJob({ name: "n", dataJson: "{}", deduplication: { id, extend: false, replace: false } }, 100),
    caller: { cancelled: false, deadline: Number.POSITIVE_INFINITY },
  });
  const batch = [job("stays"), job("late"), job("stays-too")];
  const load = async () => {
    Object.assign((batch[1] as PendingJob).caller, { deadline: Date.now() - 1 });
    return import("bullmq");
  };
  const writer = new BatchWriter(store, new Keys(prefix), new BullAdapter(store, prefix, load));
  expect(await writer.write("emails", batch)).toMatchObject([
    { jobId: "stays", outcome: "added" },
    { jobId: "late", error: { code: "expired" } },
    { jobId: "stays-too", outcome: "added" },
  ]);
  const line = await store.client.lrange(`${prefix}:emails:wait`, 0, -1);
  expect(line).toEqual(["stays-too", "stays"]);
  expect(await store.client.exists(`${prefix}:emails:late`)).toBe(0);
});
