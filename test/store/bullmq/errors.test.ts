import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { PostaError } from "../../../src/errors/posta-error.js";
import { Keys } from "../../../src/queue/job/keys.js";
import { BullAdapter } from "../../../src/store/bullmq/adapter.js";
import { toQueueError } from "../../../src/store/bullmq/errors.js";
import type { RedisStore } from "../../../src/store/redis/store.js";
import { freshPrefix } from "../../support/posta.js";

const prefix = freshPrefix();
const keys = new Keys(prefix);
let redis: Redis;
let bull: BullAdapter;

beforeAll(() => {
  redis = new Redis({ path: inject("redisUrl").replace("unix://", "") });
  bull = new BullAdapter({ client: redis, requireUsable: () => {} } as unknown as RedisStore, prefix);
});
afterAll(() => redis.disconnect());

/** BullMQ's own operations on a queue, and on a job of it that is not there. */
const failureOf = (operate: Parameters<BullAdapter["run"]>[1], jobId?: string): Promise<PostaError> =>
  bull.run("q", operate, jobId).then(
    () => {
      throw new Error("it did not fail");
    },
    (error) => error,
  );

describe("an error of BullMQ", () => {
  it("is told in the domain's words where the queue is in the way", async () => {
    const obliterate = () => failureOf((queue) => queue.getBackend().obliterate({ force: false, count: 10 }));
    expect(await obliterate()).toMatchObject({
      code: "wrong-state",
      message: "the queue was resumed meanwhile: a part of its jobs may be removed; call again to go on",
    });
    await redis.hset(keys.of("q", "meta"), "paused", 1);
    await redis.lpush(keys.of("q", "active"), "job");
    expect(await obliterate()).toMatchObject({ code: "wrong-state", message: "the queue has active jobs: use force" });
  });

  it("is told in the domain's words where the job is in the way", async () => {
    expect(await failureOf((queue) => queue.getBackend().changeDelay("job", 1), "job")).toMatchObject({
      code: "not-found",
      message: 'the queue "q" has no job "job"',
    });
    expect(await failureOf((queue) => queue.getBackend().promote("job"), "job")).toMatchObject({
      code: "wrong-state",
      message: 'the job "job" is not in a state that allows this',
    });
    await redis.hset(keys.of("q", "repeat:daily:5"), { timestamp: 1, rjk: "daily" });
    await redis.zadd(keys.of("q", "repeat"), 5, "daily");
    expect(await failureOf((queue) => queue.remove("repeat:daily:5"), "repeat:daily:5")).toMatchObject({
      code: "wrong-state",
      message: 'the job "repeat:daily:5" belongs to a schedule',
    });
  });

  it("has words for every code of the library that a job's change can meet", async () => {
    const { ErrorCode } = await import("bullmq");
    const ofJobs = Object.values(ErrorCode).filter((code) => typeof code === "number" && code > -10);
    expect(ofJobs.length).toBe(9);
    for (const code of ofJobs) {
      const error = toQueueError(Object.assign(new Error("x"), { code }), { queue: "q", jobId: "job" });
      expect(error.code).toMatch(/not-found|wrong-state/);
      expect(error.message).toContain('"job"');
    }
  });

  it.each([
    new Error("Anything"),
    Object.assign(new Error("Unknown code -99 error for 1. promote"), { code: -99 }),
    new RangeError("Maximum call stack size exceeded"),
  ])("is internal where it is unknown, and its cause goes to the log: %s", async (cause) => {
    expect(await failureOf(() => Promise.reject(cause), "job")).toMatchObject({
      code: "internal",
      message: "internal error",
      cause,
    });
  });
});
