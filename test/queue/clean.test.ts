import { FlowProducer, Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Keys } from "../../src/queue/job/keys.js";
import { QueueCleaner } from "../../src/queue/manage/clean-queue.js";
import type { RedisStore } from "../../src/store/redis/store.js";
import { freshPrefix, startServer } from "../support/posta.js";
import { useReleases } from "../support/releases.js";
import { dump } from "./keyspace.js";

let posta: Awaited<ReturnType<typeof startServer>>;
let redis: Redis;
const connection = { path: inject("redisUrl").replace("unix://", "") };
const releases = useReleases();

beforeAll(async () => {
  redis = new Redis(connection);
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(async () => {
  await posta?.stop();
  redis?.disconnect();
});

function bull(name: string, prefix = posta.prefix): Queue {
  const queue = new Queue(name, { connection, prefix });
  releases.push(() => queue.close());
  return queue;
}

const clean = (queue: string, state: string, rest: object = {}) =>
  posta.client.queue("CleanQueue", { queue, state: `JOB_STATE_${state}`, ...rest });
const hour = 3_600_000;
const halfAnHour = { olderThan: { seconds: 1800 } };

/** Adds jobs as another producer does, as if an hour ago or just now. */
async function add(queue: Queue, age: "old" | "young", count: number, options: object = {}): Promise<void> {
  const timestamp = Date.now() - (age === "old" ? hour : 0);
  const job = (index: number) => ({ name: "n", data: {}, opts: { jobId: `${age}-${index}`, timestamp, ...options } });
  await queue.addBulk(Array.from({ length: count }, (_, index) => job(index)));
}

/** How jobs come to stand in line, the young ones before the old ones. */
const states: [string, (queue: Queue, young: number, old: number) => Promise<void>][] = [
  [
    "DELAYED",
    async (queue, young, old) => {
      await add(queue, "young", young, { delay: 2 * hour });
      await add(queue, "old", old, { delay: 4 * hour });
    },
  ],
  [
    "PRIORITIZED",
    async (queue, young, old) => {
      await add(queue, "young", young, { priority: 1 });
      await add(queue, "old", old, { priority: 2 });
    },
  ],
  [
    "WAITING",
    async (queue, young, old) => {
      await add(queue, "young", young);
      await add(queue, "old", old);
    },
  ],
];

describe("CleanQueue", () => {
  it.each(states)("finds old %s jobs behind younger ones, up to the limit", async (state, make) => {
    const name = `behind-${state}`;
    const queue = bull(name);
    await make(queue, 3, 5);
    expect(await clean(name, state, { ...halfAnHour, limit: 3 })).toEqual({ removed: 3, more: true });
    expect(await clean(name, state, { ...halfAnHour, limit: 3 })).toEqual({ removed: 2, more: false });
    expect(await clean(name, state, { ...halfAnHour, limit: 3 })).toEqual({ removed: 0, more: false });
    const left = await queue.getJobs(["waiting", "delayed", "prioritized"]);
    expect(left.map(({ id }) => id).sort()).toEqual(["young-0", "young-1", "young-2"]);
  });

  it.each(states)("finds old %s jobs behind thousands of younger ones", async (state, make) => {
    const name = `far-${state}`;
    const queue = bull(name);
    await make(queue, 2500, 7);
    expect(await clean(name, state, halfAnHour)).toEqual({ removed: 7, more: false });
    const { waiting, delayed, prioritized } = await queue.getJobCounts();
    expect([waiting, delayed, prioritized].toSorted()).toEqual([0, 0, 2500]);
  });

  it("cleans the list in which older versions of BullMQ kept a paused queue's jobs", async () => {
    const queue = bull("paused-list");
    await add(queue, "young", 3);
    await add(queue, "old", 5);
    const key = (part: string) => `${posta.prefix}:paused-list:${part}`;
    await redis.rename(key("wait"), key("paused"));
    await add(queue, "old", 6); // The last of them, for the others are duplicates.
    expect(await clean("paused-list", "WAITING", { ...halfAnHour, limit: 4 })).toEqual({ removed: 4, more: true });
    expect(await clean("paused-list", "WAITING", halfAnHour)).toEqual({ removed: 2, more: false });
    expect(await redis.lrange(key("paused"), 0, -1)).toEqual(["young-2", "young-1", "young-0"]);
    expect(await redis.exists(key("old-0"), key("old-5"))).toBe(0);
  });

  it("says that nothing is left where the limit was reached with the last job of that list", async () => {
    const queue = bull("paused-end");
    await add(queue, "old", 3);
    const key = (part: string) => `${posta.prefix}:paused-end:${part}`;
    await redis.rename(key("wait"), key("paused"));
    expect(await clean("paused-end", "WAITING", { limit: 3 })).toEqual({ removed: 3, more: false });
    await add(queue, "old", 3);
    await redis.rename(key("wait"), key("paused"));
    await add(queue, "young", 1);
    expect(await clean("paused-end", "WAITING", { limit: 3 })).toEqual({ removed: 3, more: true });
  });

  it("leaves the next run of a schedule", async () => {
    const queue = bull("scheduled");
    await queue.upsertJobScheduler("nightly", { pattern: "0 0 1 1 *" });
    await add(queue, "old", 1, { delay: hour });
    expect(await clean("scheduled", "DELAYED")).toEqual({ removed: 1, more: false });
    expect(await queue.getJobCounts("delayed", "waiting")).toEqual({ delayed: 1, waiting: 0 });
  });

  it("passes by a key of another type in a job's place", async () => {
    const queue = bull("broken");
    await add(queue, "old", 3);
    const key = `${posta.prefix}:broken:old-1`;
    await redis.multi().del(key).set(key, "no hash").exec();
    expect(await clean("broken", "WAITING", halfAnHour)).toEqual({ removed: 2, more: false });
    expect(await redis.lrange(`${posta.prefix}:broken:wait`, 0, -1)).toEqual(["old-1"]);
  });

  it("leaves what BullMQ's own clean leaves: of flows, deduplication and logs too", async () => {
    const name = "conformance";
    const prefixes = { theirs: freshPrefix(), ours: posta.prefix };
    for (const prefix of Object.values(prefixes)) {
      const queue = bull(name, prefix);
      await queue.waitUntilReady();
      const flows = new FlowProducer({ connection, prefix });
      releases.push(() => flows.close());
      const child = (jobId: string) => ({
        name: "child",
        queueName: name,
        opts: { jobId, timestamp: Date.now() - hour },
      });
      await flows.add({
        ...child("parent"),
        children: [child("a"), child("b")],
      });
      await flows.add({ name: "far", queueName: `${name}-other`, opts: { jobId: "far" }, children: [child("c")] });
      await queue.add("n", {}, { jobId: "one", timestamp: Date.now() - hour, deduplication: { id: "d" } });
      await queue.addJobLog("one", "line");
      await queue.add("n", {}, { jobId: "later" });
    }
    await bull(name, prefixes.theirs).clean(hour / 2, 100, "wait");
    expect(await clean(name, "WAITING", halfAnHour)).toEqual({ removed: 4, more: false });
    for (const part of [name, `${name}-other`]) {
      const theirs = await dump(redis, `${prefixes.theirs}:${part}:`);
      expect(Object.keys(theirs)).toContain("meta");
      expect(await dump(redis, `${prefixes.ours}:${part}:`)).toEqual(theirs);
    }
  });
});

describe("QueueCleaner", () => {
  const query = { queue: "q", state: "waiting" } as const;

  /** A queue of jobs in line: young, then old ones, as many of each as `line` says in turn. */
  async function setup(...line: number[]) {
    const keys = new Keys(freshPrefix());
    const ids: string[] = [];
    const pipeline = redis.pipeline();
    for (const [index, count] of line.entries()) {
      for (let at = 0; at < count; at += 1) {
        const id = `${index}-${at}`;
        ids.push(id);
        pipeline.hset(keys.of("q", id), "name", "n", "timestamp", index % 2 === 0 ? Date.now() : Date.now() - hour);
      }
    }
    pipeline.lpush(keys.of("q", "wait"), ...ids);
    pipeline.hset(keys.of("q", "new"), "name", "n", "timestamp", Date.now());
    await pipeline.exec();
    return { cleaner: new QueueCleaner({ client: redis } as unknown as RedisStore, keys), wait: keys.of("q", "wait") };
  }

  it("misses none when workers take jobs and producers add some while it looks", async () => {
    const { cleaner, wait } = await setup(1000, 300, 1500, 5);
    let looks = 0;
    const caller = {
      cancelled: false,
      // It is looked at between two chunks: these commands come before the next one's.
      get deadline() {
        looks += 1;
        void redis.rpop(wait, looks === 1 ? 300 : 1);
        void redis.lpush(wait, "new");
        return Number.POSITIVE_INFINITY;
      },
    };
    const notAfter = Date.now() - hour / 2;
    expect(await cleaner.clean({ ...query, notAfter }, caller)).toEqual({ removed: 305, more: false });
    expect(looks).toBe(2);
  });

  it("stops between two chunks when nobody waits for it, and says that there may be more", async () => {
    const { cleaner } = await setup(0, 2500);
    const late = { cancelled: false, deadline: Date.now() };
    expect(await cleaner.clean(query, late)).toEqual({ removed: 1000, more: true });
    expect(await cleaner.clean(query, { ...late, cancelled: true })).toEqual({ removed: 1000, more: true });
    expect(await cleaner.clean(query, late)).toEqual({ removed: 500, more: false });
  });
});
