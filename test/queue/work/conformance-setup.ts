import { Queue as BullQueue, type JobsOptions } from "bullmq";
import { expect } from "vitest";
import { freshPrefix } from "../../support/posta.js";
import { dump } from "../keyspace.js";
import { bullSide, postaSide, type Side } from "./conformance-sides.js";
import { connection, posta, redis } from "./work-setup.js";

/**
 * The same jobs, done by a worker of Posta and by BullMQ's own Worker, must leave the same keys. BullMQ is pinned, so a
 * difference is Posta's fault.
 */

/** The keyspace without what cannot be equal: moments, tokens, and the prefix. */
async function read(prefix: string, queue: string) {
  const text = JSON.stringify(await dump(redis, `${prefix}:${queue}:`)).replaceAll(prefix, "P");
  const parts = JSON.parse(text) as Record<string, { type: string; value: unknown }>;
  const waits = waitsSince(parts);
  for (const [part, found] of Object.entries(parts)) {
    // What Posta alone remembers: reports that left no trace in a job, and whose a job is.
    if (part.startsWith("posta-settled:")) delete parts[part];
    if (part.endsWith(":lock")) found.value = "a token";
    else if (part === "completed" || part === "failed" || part.endsWith(":unsuccessful"))
      found.value = membersOf(found.value);
    else if (part === "delayed") {
      found.value = (found.value as [string, number][]).map(([id, score]) => [id, waits(id, score / 0x1000)]);
    } else if (part === "marker") found.value = membersOf(found.value);
    else if (part === "events") found.value = (found.value as string[][]).map((fields) => withoutMoment(fields, waits));
    else if (found.type === "hash") found.value = withoutTimes(found.value as Record<string, unknown>);
  }
  return parts;
}

const membersOf = (rows: unknown) => (rows as [string, number][]).map(([member]) => member).sort();

/** For how many tens of seconds a job waits: the sides work one after the other, so when the wait ends cannot be equal. */
function waitsSince(parts: Record<string, { value: unknown }>) {
  const begun = new Map<string, number>();
  for (const [part, { value }] of Object.entries(parts)) {
    const { processedOn, timestamp: added } = value as Record<string, string>;
    begun.set(part, Number(processedOn ?? added));
  }
  return (id: string, until: number) => Math.round((until - (begun.get(id) as number)) / 10_000);
}

function withoutMoment(fields: string[], waits: ReturnType<typeof waitsSince>): string[] {
  const id = fields[fields.indexOf("jobId") + 1] as string;
  return fields.map((text, index) => (fields[index - 1] === "delay" ? String(waits(id, Number(text))) : text));
}

/** BullMQ's worker says until when a job is to wait, and Posta's says for how long: they differ by a millisecond or two. */
const roundDelay = (delay: unknown) => (delay === undefined ? {} : { delay: Math.round(Number(delay) / 1000) });

function withoutTimes({ processedOn, finishedOn, delay, "posta-lease": _, ...fields }: Record<string, unknown>) {
  const time = (value: unknown) => (value === undefined ? {} : { time: /^\d{13}$/.test(String(value)) });
  return { ...fields, ...roundDelay(delay), processed: time(processedOn), finished: time(finishedOn) };
}

export type Add = (queue: BullQueue, prefix: string) => Promise<unknown>;

/** Adds the same jobs on either side, lets both work, and compares. `parts`: keys that must be there. */
export async function compare(add: Add, work: (side: Side, queue: BullQueue) => Promise<void>, keys: string[]) {
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

export const timestamp = Date.now() - 5000;
/** Jobs with ids that tell their order. */
export const jobs =
  (...options: JobsOptions[]): Add =>
  (queue) =>
    queue.addBulk(
      options.map((opts, index) => ({
        name: "n",
        data: { n: index },
        opts: { ...opts, timestamp, jobId: `j${index}` },
      })),
    );
export const plain = (count: number, opts: JobsOptions = {}) => jobs(...Array.from({ length: count }, () => opts));
export const failure = { message: "no such address", stack: 'Error: no such "address"\n  at send' };
