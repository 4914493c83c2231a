import { createRequire } from "node:module";
import { status } from "@grpc/grpc-js";
import { Queue as BullQueue, type JobsOptions } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { freshPrefix, startServer } from "../support/posta.js";
import { dump } from "./keyspace.js";

/**
 * The same jobs, added by Posta and by BullMQ's own Queue, must leave the same keys: a BullMQ worker, a dashboard or a
 * later release of either must not be able to tell them apart. BullMQ is pinned, so a difference is Posta's fault.
 */

const day = 24 * 3600;
const version = `bullmq:${createRequire(import.meta.url)("bullmq/package.json").version}`;
const socket = inject("redisUrl").replace("unix://", "");

let posta: Awaited<ReturnType<typeof startServer>>;
let redis: Redis;

beforeAll(async () => {
  redis = new Redis({ path: socket });
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(async () => {
  await posta?.stop();
  redis?.disconnect();
});

/** One job in the words of both; `bull` is what Posta's contract says that the options mean. */
interface Pair {
  name: string;
  data: unknown;
  options: Record<string, unknown>;
  bull: JobsOptions;
}

const duration = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });

function pair(
  options: Pair["options"] = {},
  bull: JobsOptions = {},
  name = "send",
  data: unknown = { to: "äöü 🚚", n: 1 },
): Pair {
  return { name, data, options, bull };
}
const withId = (id: string) => pair({ id });
const prioritized = (priority: number) => pair({ priority }, { priority });
const delayed = (ms: number, priority?: number) =>
  pair({ delay: duration(ms), priority }, { delay: ms, ...(priority ? { priority } : {}) });
const lifo = () => pair({ lifo: true }, { lifo: true });

/** What Posta gives a job that says nothing. */
const defaults: JobsOptions = {
  attempts: 3,
  backoff: { type: "exponential", delay: 1000 },
  removeOnComplete: { age: day, count: 1000 },
  removeOnFail: { age: 7 * day },
};

/** The two queues; each test has a pair of its own, so that the keys are this test's only. */
async function sides(
  use: (bull: BullQueue, bullPrefix: string, name: string) => Promise<void>,
  read: (prefix: string) => ReturnType<typeof dump> = (prefix) => dump(redis, prefix),
) {
  const bullPrefix = freshPrefix();
  const name = `conformance-${bullPrefix}`;
  const bull = new BullQueue(name, { connection: { path: socket }, prefix: bullPrefix });
  // A Queue writes its meta when it is made, and nothing tells when it has.
  await expect.poll(() => redis.hlen(`${bullPrefix}:${name}:meta`), { interval: 2 }).toBe(2);
  try {
    await use(bull, bullPrefix, name);
    const theirs = await read(`${bullPrefix}:${name}:`);
    expect(await read(`${posta.prefix}:${name}:`)).toEqual(theirs);
    // Two empty keyspaces would be equal too.
    expect(Object.keys(theirs)).toEqual(expect.arrayContaining(["id", "meta"]));
  } finally {
    await bull.close();
  }
}

function toMessage({ name, data, options }: Pair) {
  return { name, dataJson: data === undefined ? "" : JSON.stringify(data), options };
}

/** By BullMQ, under the ids that Posta gave. One timestamp for all, as in a batch of Posta's: see {@link dump}. */
function toBull({ name, data, options, bull }: Pair, postaId: string, timestamp: number) {
  return { name, data, opts: { ...defaults, ...bull, jobId: (options.id as string) ?? postaId, timestamp } };
}

/** A batch on either side. */
async function addBatch(bull: BullQueue, name: string, jobs: Pair[]) {
  const { results } = await posta.client.queue("AddJobs", { queue: name, jobs: jobs.map(toMessage) });
  const timestamp = Date.now();
  await bull.addBulk(jobs.map((job, index) => toBull(job, results[index].jobId, timestamp)));
  return results as { jobId: string; outcome: string; error: { code: number } | null }[];
}

/** One call for each job on either side. */
async function addSingly(bull: BullQueue, name: string, jobs: Pair[]) {
  for (const job of jobs) {
    // Where Posta refuses an id that is taken by other content, BullMQ drops the job; the keys are the same.
    const answer = await posta.client.queue("AddJob", { queue: name, job: toMessage(job) }).catch((error) => error);
    if (answer.code !== undefined) expect(answer).toMatchObject({ code: status.ALREADY_EXISTS });
    const { name: jobName, data, opts } = toBull(job, answer.jobId, Date.now());
    await bull.add(jobName, data, opts);
  }
}

const cases: Record<string, Pair[]> = {
  "plain jobs": [
    pair(),
    pair({}, {}, "other", [1, "two", null]),
    pair({}, {}, "no data", undefined),
    pair({}, {}, "näme", "text"),
  ],
  "ids of the caller": ["order-1", "b", "c d", "1e3", "ümlaut"].map(withId),
  lifo: [pair(), lifo(), pair(), lifo(), lifo()],
  priorities: [5, 1, 2_097_151, 5, 1, 3].map(prioritized),
  "a priority of zero": [pair({ priority: 0 })],
  // The same one again and again: each then has a turn of its own within the millisecond.
  delays: [60_000, 1500, 60_000, 60_000, 86_400_000, 315_360_000_000, 1500].map((ms) => delayed(ms)),
  "a delay of zero": [pair({ delay: duration(0) })],
  "delay and priority": [delayed(60_000, 7), delayed(60_000, 1), delayed(30_000, 2_097_151), prioritized(2)],
  "attempts and backoff": [
    pair({ attempts: 1 }, { attempts: 1 }),
    pair({ attempts: 1000 }, { attempts: 1000 }),
    pair({ backoff: { type: "BACKOFF_TYPE_FIXED", delay: duration(250) } }, { backoff: { type: "fixed", delay: 250 } }),
    pair({ backoff: { type: "BACKOFF_TYPE_FIXED", delay: duration(0) } }, { backoff: { type: "fixed", delay: 0 } }),
    pair(
      { backoff: { type: "BACKOFF_TYPE_EXPONENTIAL", delay: duration(2000) } },
      { backoff: { type: "exponential", delay: 2000 } },
    ),
    pair(
      { attempts: 5, backoff: { type: "BACKOFF_TYPE_EXPONENTIAL", delay: duration(2000), jitter: 0.25 } },
      { attempts: 5, backoff: { type: "exponential", delay: 2000, jitter: 0.25 } },
    ),
    pair(
      { backoff: { type: "BACKOFF_TYPE_FIXED", delay: duration(10), jitter: 1 } },
      { backoff: { type: "fixed", delay: 10, jitter: 1 } },
    ),
  ],
  retention: [
    pair({ keepOnComplete: {}, keepOnFail: {} }, { removeOnComplete: false, removeOnFail: false }),
    pair({ keepOnComplete: { count: 0 }, keepOnFail: { count: 0 } }, { removeOnComplete: true, removeOnFail: true }),
    pair(
      { keepOnComplete: { count: 5 }, keepOnFail: { count: 10_000_000 } },
      { removeOnComplete: { count: 5 }, removeOnFail: { count: 10_000_000 } },
    ),
    pair({ keepOnComplete: { age: duration(1500) } }, { removeOnComplete: { age: 2 } }),
    pair({ keepOnFail: { age: duration(60_000), count: 3 } }, { removeOnFail: { age: 60, count: 3 } }),
  ],
  "an id twice": [withId("twice"), pair(), withId("twice"), pair({ id: "twice" }, {}, "other content"), prioritized(1)],
};

/** All kinds in turn, with some ids twice: what a batch of the fast path holds at most. */
const mixed = Array.from({ length: 100 }, (_, n): Pair => {
  const kinds = [
    pair(),
    withId(`m${n}`),
    lifo(),
    prioritized(1 + (n % 3)),
    delayed(10_000 * (1 + (n % 4))),
    delayed(20_000, 5),
    withId(`m${n - 5}`),
  ];
  return kinds[n % kinds.length] as Pair;
});

describe("a new queue", () => {
  it.each(Object.entries(cases))("has the same keys after a batch: %s", async (_, jobs) => {
    await sides(async (bull, _prefix, name) => {
      await addBatch(bull, name, jobs);
    });
  });

  it.each(Object.entries(cases))("has the same keys after single adds: %s", async (_, jobs) => {
    // Equal delays would meet in a millisecond on one side only.
    const distinct = jobs.filter(
      ({ bull }, at) => !bull.delay || jobs.findIndex((job) => job.bull.delay === bull.delay) === at,
    );
    await sides((bull, _prefix, name) => addSingly(bull, name, distinct));
  });

  it("has the same marker when the first delayed job is not the first of its millisecond", async () => {
    await sides(async (bull, _prefix, name) => {
      const [first] = await addBatch(bull, name, [delayed(60_000), delayed(60_000)]);
      await posta.client.queue("RemoveJob", { queue: name, jobId: first?.jobId });
      await bull.remove(first?.jobId ?? "");
      await addBatch(bull, name, [delayed(90_000)]);
    });
  });

  it("tells of a duplicate as BullMQ does, and counts it", async () => {
    await sides(async (bull, prefix, name) => {
      const results = await addBatch(bull, name, [withId("d"), withId("d")]);
      expect(results.map(({ outcome }) => outcome)).toEqual(["OUTCOME_ADDED", "OUTCOME_DUPLICATE"]);
      const events = (await redis.xrange(`${prefix}:${name}:events`, "-", "+")).map(([, fields]) => fields.slice(1, 4));
      expect(events.at(-1)).toEqual(["duplicated", "jobId", "d"]);
      expect(await redis.get(`${prefix}:${name}:id`)).toBe("2");
    });
  });
});

/** How a queue may stand when jobs come: by Posta's own methods on its side, by BullMQ's on the other. */
const states: Record<string, (bull: BullQueue, name: string, both: (part: string) => string[]) => Promise<unknown>> = {
  new: async () => {},
  "not new": (bull, name) => addBatch(bull, name, [pair(), prioritized(2), delayed(5000), withId("m1")]),
  paused: (bull, name) => Promise.all([bull.pause(), posta.client.queue("PauseQueue", { queue: name })]),
  "at its global concurrency": async (bull, name, both) => {
    await Promise.all([
      bull.setGlobalConcurrency(1),
      posta.client.queue("SetQueueLimits", { queue: name, limits: { concurrency: 1 } }),
    ]);
    // The length of this list is all that adding looks at.
    for (const key of both("active")) await redis.lpush(key, "someone");
  },
  "under its global concurrency": async (bull, name, both) => {
    await Promise.all([
      bull.setGlobalConcurrency(2),
      posta.client.queue("SetQueueLimits", { queue: name, limits: { concurrency: 2 } }),
    ]);
    for (const key of both("active")) await redis.lpush(key, "someone");
  },
  "at its global rate": async (bull, name, both) => {
    const rate = { max: 1, duration: duration(60_000) };
    await Promise.all([
      bull.setGlobalRateLimit(1, 60_000),
      posta.client.queue("SetQueueLimits", { queue: name, limits: { rate } }),
    ]);
    for (const key of both("limiter")) await redis.set(key, "1", "PX", 60_000);
  },
  // Redis trims a stream by whole blocks of a hundred entries: two of the batch's three.
  "keeping few events": async (_bull, _name, both) => {
    for (const key of both("meta")) await redis.hset(key, "opts.maxLenEvents", 50, "version", version);
  },
};

describe.each(Object.entries(states))("a queue that is %s", (_, prepare) => {
  it("has the same keys after a mixed batch of a hundred", async () => {
    await sides(async (bull, prefix, name) => {
      await prepare(bull, name, (part) => [`${prefix}:${name}:${part}`, `${posta.prefix}:${name}:${part}`]);
      await addBatch(bull, name, mixed);
    });
  });
});

describe("a queue that keeps no events", () => {
  it("has the same keys after a mixed batch of a hundred, but for the events, of which Posta writes none", async () => {
    const withoutEvents = async (prefix: string) => {
      const { events, ...rest } = await dump(redis, prefix);
      expect(events === undefined).toBe(prefix.startsWith(posta.prefix));
      return rest;
    };
    await sides(async (bull, prefix, name) => {
      for (const each of [prefix, posta.prefix])
        await redis.hset(`${each}:${name}:meta`, "opts.maxLenEvents", 0, "version", version);
      await addBatch(bull, name, mixed);
    }, withoutEvents);
  });
});

describe("deduplication", () => {
  /** With ids, since a suppressed job is answered with another's. */
  const dedup = (
    id: string,
    options: Record<string, unknown>,
    deduplication: JobsOptions["deduplication"],
    delay?: number,
  ) =>
    pair(
      { id, deduplication: options, ...(delay ? { delay: duration(delay) } : {}) },
      { ...(deduplication ? { deduplication } : {}), ...(delay ? { delay } : {}) },
    );
  const ttl = (id: string, ms: number) => dedup(id, { id: "k", ttl: duration(ms) }, { id: "k", ttl: ms });
  const extend = (id: string, ms: number) =>
    dedup(id, { id: "k", ttl: duration(ms), extend: true }, { id: "k", ttl: ms, extend: true });
  const replace = (id: string, delay: number) =>
    dedup(id, { id: "k", replace: true }, { id: "k", replace: true }, delay);
  const simple = (id: string) => dedup(id, { id: "k" }, { id: "k" });

  it.each([
    ["until the job finishes", [simple("a"), simple("b"), pair(), simple("c")]],
    ["with a ttl", [ttl("a", 100_000), ttl("b", 200_000)]],
    ["with a ttl that is extended", [extend("a", 100_000), extend("b", 200_000)]],
    ["with replacement", [replace("a", 60_000), replace("b", 90_000), pair(), replace("c", 30_000)]],
    ["with an id twice", [simple("a"), simple("a")]],
  ])("leaves the same keys: %s", async (_, jobs) => {
    await sides(async (bull, _prefix, name) => {
      await addBatch(bull, name, jobs);
    });
    await sides((bull, _prefix, name) => addSingly(bull, name, jobs));
  });
});
