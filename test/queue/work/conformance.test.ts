import { Queue as BullQueue, FlowProducer, type Job, type JobsOptions, UnrecoverableError, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { freshPrefix, startServer } from "../../support/posta.js";
import { dump } from "../keyspace.js";

/**
 * The same jobs, done by a worker of Posta and by BullMQ's own Worker, must leave the same keys. BullMQ is pinned, so a
 * difference is Posta's fault.
 */

const socket = inject("redisUrl").replace("unix://", "");
const connection = { path: socket, maxRetriesPerRequest: null };
const [worker, token] = ["the-worker", "a-token"];

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

interface Failure {
  message: string;
  stack: string;
  unrecoverable?: boolean;
}

/** A worker's words, for either side. A job that is held is named by its place among those that were taken. */
interface Side {
  take(count: number): Promise<void>;
  complete(place: number, value: unknown): Promise<void>;
  fail(place: number, failure: Failure): Promise<void>;
  release(place: number): Promise<void>;
  postpone(place: number, ms: number): Promise<void>;
  limit(place: number, ms: number): Promise<void>;
  /** Writes progress, a line of the log, and new data. */
  update(place: number, progress: object, line: string, data: object): Promise<void>;
}

function bullSide(queue: string, prefix: string): Side & { close(): Promise<void> } {
  const bull = new Worker(queue, null, { connection, prefix, name: worker });
  const held: Job[] = [];
  const at = (place: number) => held[place] as Job;
  return {
    async take(count) {
      for (let taken = 0; taken < count; taken += 1) held.push((await bull.getNextJob(token, { block: false })) as Job);
    },
    complete: async (place, value) => void (await at(place).moveToCompleted(value, token, false)),
    async fail(place, { message, stack, unrecoverable }) {
      const error = unrecoverable ? new UnrecoverableError(message) : new Error(message);
      error.stack = stack;
      await at(place).moveToFailed(error, token, false);
    },
    release: async (place) => void (await at(place).moveToWait(token)),
    postpone: async (place, ms) => void (await at(place).moveToDelayed(Date.now() + ms, token)),
    async limit(place, ms) {
      await bull.rateLimit(ms);
      await at(place).moveToWait(token);
    },
    async update(place, progress, line, data) {
      await at(place).updateProgress(progress);
      await at(place).log(line);
      await at(place).updateData(data);
    },
    close: () => bull.close(),
  };
}

const duration = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });

function postaSide(queue: string): Side {
  const held: { jobId: string; leaseToken: string }[] = [];
  const report = async (place: number, outcome: object) => {
    const { results } = await posta.client.worker("ReportOutcomes", {
      queue,
      reports: [{ ...held[place], ...outcome }],
    });
    expect(results).toEqual([expect.objectContaining({ verdict: "REPORT_VERDICT_APPLIED", error: null })]);
  };
  return {
    async take(count) {
      const { jobs } = await posta.client.worker("LeaseJobs", { queue, worker, maxJobs: count });
      held.push(...jobs);
    },
    complete: (place, value) => report(place, { complete: { returnValueJson: JSON.stringify(value) } }),
    fail: (place, failure) => report(place, { fail: failure }),
    release: (place) => report(place, { release: {} }),
    postpone: (place, ms) => report(place, { postpone: { delay: duration(ms) } }),
    limit: (place, ms) => report(place, { rateLimited: { duration: duration(ms) } }),
    async update(place, progress, line, data) {
      const steps = [{ progressJson: JSON.stringify(progress) }, { log: line }, { dataJson: JSON.stringify(data) }];
      const { jobId, leaseToken } = held[place] as { jobId: string; leaseToken: string };
      const updates = steps.map((step) => ({ jobId, leaseToken, ...step }));
      const { results } = await posta.client.worker("UpdateLeasedJobs", { queue, updates });
      expect(results).toEqual(Array(3).fill(expect.objectContaining({ verdict: "REPORT_VERDICT_APPLIED" })));
    },
  };
}

/** The keyspace without what cannot be equal: moments, tokens, and the prefix. */
async function read(prefix: string, queue: string) {
  const text = JSON.stringify(await dump(redis, `${prefix}:${queue}:`)).replaceAll(prefix, "P");
  const parts = JSON.parse(text) as Record<string, { type: string; value: unknown }>;
  for (const [part, found] of Object.entries(parts)) {
    // What Posta alone remembers: reports that left no trace in a job.
    if (part.startsWith("posta-settled:")) delete parts[part];
    if (part.endsWith(":lock")) found.value = "a token";
    else if (part === "completed" || part === "failed" || part.endsWith(":unsuccessful"))
      found.value = membersOf(found.value);
    else if (part === "delayed") found.value = toTenSeconds(found.value as [string, number][]);
    else if (part === "marker") found.value = membersOf(found.value);
    else if (part === "events") found.value = (found.value as string[][]).map(withoutMoment);
    else if (found.type === "hash") found.value = withoutTimes(found.value as Record<string, unknown>);
  }
  return parts;
}

const membersOf = (rows: unknown) => (rows as [string, number][]).map(([member]) => member).sort();
const toTenSeconds = (rows: [string, number][]) => rows.map(([id, score]) => [id, Math.round(score / 0x1000 / 10_000)]);
const withoutMoment = (fields: string[]) =>
  fields.map((text, index) => (fields[index - 1] === "delay" ? String(Math.round(Number(text) / 10_000)) : text));

/** BullMQ's worker says until when a job is to wait, and Posta's says for how long: they differ by a millisecond or two. */
const roundDelay = (delay: unknown) => (delay === undefined ? {} : { delay: Math.round(Number(delay) / 1000) });

function withoutTimes({ processedOn, finishedOn, delay, ...fields }: Record<string, unknown>) {
  const time = (value: unknown) => (value === undefined ? {} : { time: /^\d{13}$/.test(String(value)) });
  return { ...fields, ...roundDelay(delay), processed: time(processedOn), finished: time(finishedOn) };
}

type Add = (queue: BullQueue, prefix: string) => Promise<unknown>;

/** Adds the same jobs on either side, lets both work, and compares. `parts`: keys that must be there. */
async function compare(add: Add, work: (side: Side, queue: BullQueue) => Promise<void>, keys: string[]) {
  const bullPrefix = freshPrefix();
  const name = `compared-${freshPrefix()}`;
  const sides: Record<string, Awaited<ReturnType<typeof read>>> = {};
  const bull = bullSide(name, bullPrefix);
  for (const [prefix, side] of [
    [bullPrefix, bull],
    [posta.prefix, postaSide(name)],
  ] as const) {
    const queue = new BullQueue(name, { connection, prefix });
    await queue.waitUntilReady();
    await add(queue, prefix);
    await work(side, queue);
    sides[prefix] = await read(prefix, name);
    await queue.obliterate({ force: true });
    await queue.close();
  }
  await bull.close();
  expect(sides[posta.prefix]).toEqual(sides[bullPrefix]);
  expect(Object.keys(sides[bullPrefix] as object)).toEqual(expect.arrayContaining(keys));
}

const timestamp = Date.now() - 5000;
/** Jobs with ids that tell their order. */
const jobs =
  (...options: JobsOptions[]): Add =>
  (queue) =>
    queue.addBulk(
      options.map((opts, index) => ({
        name: "n",
        data: { n: index },
        opts: { ...opts, timestamp, jobId: `j${index}` },
      })),
    );
const plain = (count: number, opts: JobsOptions = {}) => jobs(...Array.from({ length: count }, () => opts));
const failure = { message: "no such address", stack: 'Error: no such "address"\n  at send' };
const again = { attempts: 3, backoff: { type: "fixed", delay: 60_000 } };

describe("what a job leaves that", () => {
  it("is held", () => compare(plain(3), (side) => side.take(2), ["active", "wait", "j0:lock", "j1:lock"]));

  it("is done, with its value", () =>
    compare(
      plain(3, { attempts: 2 }),
      async (side) => {
        await side.take(2);
        await side.complete(1, { sent: "ünï/code", n: [1, null] });
        await side.complete(0, "text");
      },
      ["completed", "wait"],
    ));

  it("is the last, and is done", () =>
    compare(
      plain(1),
      async (side) => {
        await side.take(1);
        await side.complete(0, null);
      },
      ["completed"],
    ));

  it.each<[string, JobsOptions]>([
    ["at once", { removeOnComplete: true }],
    ["by number", { removeOnComplete: 1 }],
    ["by age and number", { removeOnComplete: { age: 3600, count: 2 } }],
    ["never", { removeOnComplete: false }],
  ])("is done, and removed %s", (_, options) =>
    compare(
      plain(4, options),
      async (side) => {
        await side.take(3);
        for (const place of [0, 1, 2]) await side.complete(place, place);
      },
      ["wait"],
    ),
  );

  it("failed, and is tried again later", () =>
    compare(
      plain(2, again),
      async (side) => {
        await side.take(1);
        await side.fail(0, failure);
      },
      ["delayed", "wait"],
    ));

  it.each<[string, JobsOptions]>([
    ["in line", { attempts: 3 }],
    ["first in line", { attempts: 3, lifo: true }],
    ["by its priority", { attempts: 3, priority: 7 }],
  ])("failed, and is tried again at once, %s", (_, options) =>
    compare(
      plain(3, options),
      async (side) => {
        await side.take(1);
        await side.fail(0, failure);
        await side.take(1);
        await side.fail(1, { message: "again", stack: "two" });
      },
      ["events"],
    ),
  );

  it.each<[string, JobsOptions, Failure]>([
    ["its last attempt", { attempts: 1 }, failure],
    ["without attempts", {}, failure],
    ["for good", again, { ...failure, unrecoverable: true }],
    ["and keeps one stack", { attempts: 1, stackTraceLimit: 1 }, failure],
    ["and keeps no stack", { attempts: 1, stackTraceLimit: 0 }, failure],
    ["and is kept by age", { attempts: 1, removeOnFail: { age: 3600 } }, failure],
  ])("failed %s", (_, options, how) =>
    compare(
      plain(2, options),
      async (side) => {
        await side.take(1);
        await side.fail(0, how);
      },
      ["failed"],
    ),
  );

  it.each<[string, JobsOptions]>([
    ["in line", {}],
    ["by its priority", { priority: 3 }],
  ])("is given back, %s", (_, options) =>
    compare(
      plain(3, options),
      async (side) => {
        await side.take(2);
        await side.release(0);
      },
      ["active"],
    ),
  );

  it("is worked on, with its progress, log and new data", () =>
    compare(
      plain(2, { keepLogs: 1 }),
      async (side) => {
        await side.take(2);
        await side.update(0, { done: 10 }, "first", { n: "new" });
        await side.update(0, { done: 50 }, "second", { n: "newer" });
        await side.update(1, { done: 5 }, "only", {});
        await side.complete(1, null);
      },
      ["j0:logs", "active", "completed"],
    ));

  it("is put off", () =>
    compare(
      plain(2),
      async (side) => {
        await side.take(1);
        await side.postpone(0, 120_000);
      },
      ["delayed"],
    ));

  it("meets a limit", () =>
    compare(
      async (queue) => {
        await queue.setGlobalRateLimit(10, 60_000);
        await plain(3)(queue, "");
      },
      async (side) => {
        await side.take(2);
        await side.limit(1, 60_000);
      },
      ["limiter", "active"],
    ));

  it("waits behind others by its priority", () =>
    compare(
      jobs({ priority: 5 }, {}, { priority: 1 }, { lifo: true }, { priority: 1 }),
      async (side) => {
        await side.take(4);
        await side.complete(0, 0);
      },
      ["prioritized", "active"],
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
