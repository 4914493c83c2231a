import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { patientWaiter } from "../../../src/batching/waiter.js";
import { QueueReader } from "../../../src/queue/inspect/read-queue.js";
import { Keys } from "../../../src/queue/job/keys.js";
import { QueueCleaner } from "../../../src/queue/manage/clean-queue.js";
import { QueueObliterator } from "../../../src/queue/manage/obliterate-queue.js";
import { BullAdapter } from "../../../src/store/bullmq/adapter.js";
import { RedisStore } from "../../../src/store/redis/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { startRedis, type TestRedis } from "../../support/redis.js";

/** A Redis of its own, because each sweep looks at all keys. */
let redis: TestRedis;
let store: RedisStore;
let obliterator: QueueObliterator;

const keys = new Keys("t");
/** Of other programs: so many that a scan takes over 20 steps. */
const otherKeys = 20_000;

beforeEach(async () => {
  redis = await startRedis();
  const options = { variable: "URL", name: "the queue's store", prefix: "t", timeoutMs: 3000 } as const;
  store = new RedisStore({ ...options, url: redis.url, durable: { allowNoAof: true } }, createLog("test", "silent"));
  const usable = once(store, "usable");
  store.open();
  await usable;
  const [bull, queues, cleaner] = [
    new BullAdapter(store, "t"),
    new QueueReader(store, keys),
    new QueueCleaner(store, keys),
  ];
  obliterator = new QueueObliterator({ redis: store, postgres: undefined }, keys, bull, queues, cleaner);
  await store.client.eval(`for n = 1, ${otherKeys} do redis.call("SET", "other:" .. n, "") end`, 0);
});
afterEach(async () => {
  await store.close();
  await redis.stop();
});

/** A caller who leaves after so many looks. */
function leavingCaller(looks: number) {
  let left = looks;
  return {
    deadline: Number.POSITIVE_INFINITY,
    get cancelled() {
      left -= 1;
      return left < 0;
    },
  };
}

/** A queue of which only the last keys are left, as after a call that ended early. */
async function makeRest(queue: string, count: number): Promise<void> {
  await store.client.zadd(keys.queues, 0, queue);
  for (let n = 0; n < count; n += 1) await store.client.set(keys.of(queue, `de:gone-${n}`), "gone");
}

async function countScans(): Promise<number> {
  return Number(/cmdstat_scan:calls=(\d+)/.exec(await store.client.info("commandstats"))?.[1] ?? 0);
}

/** How many calls it takes until the queue is gone. */
async function obliterateInCalls(queue: string, looksEach: number): Promise<number> {
  for (let calls = 1; calls < 100; calls += 1) {
    const error = await obliterator.obliterate(queue, false, leavingCaller(looksEach)).catch((error) => error);
    if (error === undefined) return calls;
    expect(error).toMatchObject({ code: "expired" });
  }
  throw new Error("it never ended");
}

const restOf = (queue: string) => store.client.keys(`${keys.start(queue)}*`);

describe("the sweep of an obliterated queue", () => {
  it("ends after some calls whose callers each leave early, and passes no key twice", async () => {
    await makeRest("q", 50);
    const calls = await obliterateInCalls("q", 5);
    expect(calls).toBeGreaterThan(3);
    expect(await restOf("q")).toEqual([]);
    expect(await store.client.zscore(keys.queues, "q")).toBeNull();
    expect(await store.client.keys("t:*")).toEqual([]); // Neither is the place.
    // SCAN may answer a bucket more than asked for.
    expect(await countScans()).toBeLessThanOrEqual(otherKeys / 1000 + 3 + calls);
  });

  it("begins anew for a queue that is there again, and after a restart of Redis", async () => {
    await makeRest("q", 1);
    await expect(obliterator.obliterate("q", false, leavingCaller(19))).rejects.toMatchObject({ code: "expired" });
    expect(await store.client.ttl(keys.sweep("q"))).toBeGreaterThan(3000);
    await makeRest("q", 50);
    await store.client.hset(keys.of("q", "meta"), "version", "bullmq:6.7.0", "opts.maxLenEvents", 10);
    await obliterator.obliterate("q", false, patientWaiter);
    expect(await restOf("q")).toEqual([]);

    await makeRest("r", 50);
    const old = { begun: Date.now(), cursors: { "another-run": "0" } };
    await store.client.set(keys.sweep("r"), JSON.stringify(old));
    await obliterator.obliterate("r", false, patientWaiter);
    expect(await restOf("r")).toEqual([]);
  });

  it("is done when it has come to the end, though its caller left meanwhile", async () => {
    await makeRest("q", 1);
    const caller = { deadline: Number.POSITIVE_INFINITY, cancelled: false };
    onScan((next) => {
      if (next === "0") caller.cancelled = true;
    });
    await obliterator.obliterate("q", false, caller);
    expect(caller.cancelled).toBe(true);
    expect(await store.client.zscore(keys.queues, "q")).toBeNull();
  });

  it("is one at a time in a process", async () => {
    for (const queue of ["a", "b", "c"]) await makeRest(queue, 1);
    const cursors: string[] = [];
    onScan((next) => cursors.push(next));
    await Promise.all(["a", "b", "c"].map((queue) => obliterator.obliterate(queue, false, patientWaiter)));
    // A cursor that stands there twice in a row is that of another sweep.
    expect(cursors.filter((cursor, index) => cursor !== "0" && cursor === cursors[index + 1])).toEqual([]);
    expect(cursors.filter((cursor) => cursor === "0")).toHaveLength(3);
    expect(await store.client.zcard(keys.queues)).toBe(0);
  });
});

/** Tells of each step's end of a scan. */
function onScan(tell: (next: string) => void): void {
  const { client } = store;
  const { scanBuffer } = client;
  client.scanBuffer = (async (...args: Parameters<typeof scanBuffer>) => {
    const answer = await scanBuffer.apply(client, args);
    tell(String(answer[0]));
    return answer;
  }) as typeof scanBuffer;
}
