import { Redis } from "ioredis";
import { expect } from "vitest";
import { calmMs } from "../plan.js";
import type { Added } from "../producer.js";
import { leaseMs } from "../worker/job.js";
import { steadyNow } from "../worker/ledger.js";
import type { World } from "../world.js";
import { type Final, type History, keyOf, type QueueEvent } from "./history.js";

const lines = ["wait", "active", "delayed", "prioritized", "waiting-children", "paused"];

/** Resolves when no job is on its way any more, or when some are after `ms`. */
export async function untilQuiet(world: World, added: readonly Added[], ms: number): Promise<void> {
  const inspector = new Redis({ path: world.redis.socket });
  const readOpen = async () => {
    const left = await readLeft(inspector, world);
    return left.length > 0 ? left : readSpooled(inspector, world, added);
  };
  try {
    await expect.poll(readOpen, { timeout: ms, interval: 250 }).toEqual([]);
  } catch {
    // The checker says which jobs are left.
  } finally {
    inspector.disconnect();
  }
}

/** A worker as ListWorkers shows it. */
interface Shown {
  worker: string;
  queues: { queue: string; inFlight: number }[];
  seenTime: { seconds: number };
}

/** Resolves when no place of a worker is taken. A server lists its workers each 5 s; what a dead one listed grows old. */
export async function untilFree({ client, workers }: World, ms: number): Promise<void> {
  const isAlive = ({ worker, seenTime }: Shown) =>
    workers.some(({ name }) => name === worker) && Date.now() / 1000 - seenTime.seconds < 9;
  const readTaken = async () => {
    const shown: Shown[] = (await client.worker("ListWorkers", {})).workers;
    const places = shown.filter(isAlive).flatMap(({ worker, queues }) => queues.map((place) => ({ worker, ...place })));
    return places.filter(({ inFlight }) => inFlight > 0);
  };
  await expect.poll(readTaken, { timeout: ms, interval: 500 }).toEqual([]);
}

/** Reads what the queues kept and what the workers wrote. */
export async function readHistory(world: World, added: Added[], shiftsClocks: boolean): Promise<History> {
  const inspector = new Redis({ path: world.redis.socket });
  try {
    const events = await Promise.all(world.queues.map((queue) => readEvents(inspector, world, queue)));
    const offset = Date.now() - steadyNow();
    const entries = world.readLedgers().map((entry) => {
      return { ...entry, at: entry.at + offset, ...(entry.from === undefined ? {} : { from: entry.from + offset }) };
    });
    const finals = new Map<string, Final>();
    for (const one of added) {
      const final = await readFinal(inspector, world, one);
      if (final) finals.set(keyOf(one), final);
    }
    const left = await readLeft(inspector, world);
    return {
      added: added.map((one) => ({ ...one, askedAt: one.askedAt + offset })),
      events: events.flat(),
      entries,
      finals,
      cancelled: world.cancelled,
      left,
      leaseMs,
      calmUntil: world.begunAt + offset + calmMs,
      shiftsClocks,
    };
  } finally {
    inspector.disconnect();
  }
}

async function readLeft(inspector: Redis, { queues, prefix }: World): Promise<string[]> {
  const keys = queues.flatMap((queue) => lines.map((line) => `${prefix}:${queue}:${line}`));
  const counts = await Promise.all(
    keys.map((key) => (/:(wait|active|paused)$/.test(key) ? inspector.llen(key) : inspector.zcard(key))),
  );
  return keys.flatMap((key, index) => (counts[index] ? [`${key}: ${counts[index]}`] : []));
}

/** Jobs that were taken while Redis was away, and have not come into their queues yet. */
async function readSpooled(inspector: Redis, world: World, added: readonly Added[]): Promise<string[]> {
  const events = await Promise.all(world.queues.map((queue) => readEvents(inspector, world, queue)));
  const known = new Set(events.flat().map(keyOf));
  return added.filter((one) => one.isCertain && !known.has(keyOf(one))).map(keyOf);
}

async function readEvents(inspector: Redis, { prefix }: World, queue: string): Promise<QueueEvent[]> {
  const entries = await inspector.xrange(`${prefix}:${queue}:events`, "-", "+");
  return entries.map(([id, fields]) => {
    const pairs = Object.fromEntries(
      Array.from({ length: fields.length / 2 }, (_, n) => [fields[2 * n], fields[2 * n + 1]]),
    );
    return { at: Number(id.split("-")[0]), queue, job: pairs.jobId ?? "", event: pairs.event ?? "" };
  });
}

async function readFinal(inspector: Redis, { prefix }: World, { queue, job }: Added): Promise<Final | undefined> {
  const start = `${prefix}:${queue}:`;
  const [completed, failed, fields] = await Promise.all([
    inspector.zscore(`${start}completed`, job),
    inspector.zscore(`${start}failed`, job),
    inspector.hgetall(`${start}${job}`),
  ]);
  if (fields.name === undefined) return undefined;
  const state = completed && failed ? "unfinished" : completed ? "completed" : failed ? "failed" : "unfinished";
  const value = (state === "completed" ? fields.returnvalue : fields.failedReason) ?? "";
  return { state, value, attempts: Number(fields.ats ?? 0), made: Number(fields.atm ?? 0) };
}
