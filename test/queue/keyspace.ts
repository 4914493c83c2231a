import type { Redis } from "ioredis";

type Hashes = Map<string, Record<string, string>>;
/** When a job was added, by its id; NaN if it is not there. */
type TimestampOf = (id: string | undefined) => number;

/**
 * Every key of a queue, named without `start`, with its type, its expiry and its content, such that what two queues have
 * in common is equal: times are relative to their job's timestamp, and a job's options are parsed.
 */
export async function dump(redis: Redis, start: string): Promise<Record<string, unknown>> {
  const types = new Map<string, string>();
  for (const key of await redis.keys(`${start}*`))
    types.set(key.slice(start.length), await redis.type(start + key.slice(start.length)));
  const hashes: Hashes = new Map();
  for (const [part, type] of types) if (type === "hash") hashes.set(part, await redis.hgetall(start + part));
  const timestampOf: TimestampOf = (id) => Number(hashes.get(id ?? "")?.timestamp);
  const content: Record<string, unknown> = {};
  for (const [part, type] of types) {
    const ttl = await redis.pttl(start + part);
    const value = await read(redis, start, part, type, hashes, timestampOf);
    // To ten seconds: the tests use expiries that no slow machine comes near the half of.
    content[part] = { type, ttl: ttl < 0 ? "none" : Math.round(ttl / 10_000), value };
  }
  return content;
}

async function read(redis: Redis, start: string, part: string, type: string, hashes: Hashes, timestampOf: TimestampOf) {
  switch (type) {
    case "string":
      return redis.get(start + part);
    case "list":
      return redis.lrange(start + part, 0, -1);
    case "hash":
      return readHash(hashes.get(part) ?? {});
    case "set":
      return (await redis.smembers(start + part)).sort();
    case "zset":
      return readSorted(redis, start, part, timestampOf);
    case "stream":
      return (await redis.xrange(start + part, "-", "+")).map((entry) => readEvent(entry, timestampOf));
    default:
      throw new Error(`${part} is a ${type}: BullMQ has no such key`);
  }
}

function readHash({ timestamp, opts, ...fields }: Record<string, string>) {
  if (opts === undefined) return { ...fields, ...(timestamp === undefined ? {} : { timestamp }) };
  return { ...fields, timestamp: /^\d{13}$/.test(timestamp ?? "") ? "a time" : timestamp, opts: parseOptions(opts) };
}

/** BullMQ's Queue can only be told a job's timestamp by an option, which it then stores too; Posta's jobs have none. */
function parseOptions(opts: string) {
  const { timestamp: _, ...others } = JSON.parse(opts);
  return others;
}

/** Scores are exact: a delayed job's is its delay and its turn, the delay marker's that of the first delayed job. */
async function readSorted(redis: Redis, start: string, part: string, timestampOf: TimestampOf) {
  const flat = await redis.zrange(start + part, 0, -1, "WITHSCORES");
  const rows = flat.flatMap((member, at) => (at % 2 === 0 ? [[member, Number(flat[at + 1])] as const] : []));
  if (part === "delayed") return rows.map(([id, score]) => [id, requireNumber(score - timestampOf(id) * 0x1000)]);
  if (part !== "marker") return rows;
  const [first] = await redis.zrange(`${start}delayed`, 0, 0);
  return rows.map(([member, score]) => [member, member === "1" ? requireNumber(score - timestampOf(first)) : score]);
}

/** NaN would be equal to the other side's NaN. */
function requireNumber(value: number): number {
  if (Number.isNaN(value)) throw new Error("a delayed job has no timestamp");
  return value;
}

function readEvent([entryId, fields]: [string, string[]], timestampOf: TimestampOf) {
  const at = fields.indexOf("delay");
  if (at < 0) return fields;
  const dueTime = Number(fields[at + 1]);
  const exact = dueTime - timestampOf(fields[fields.indexOf("jobId") + 1]);
  // A job that was replaced left no timestamp; the event's own time is within seconds of it.
  const relative = Number.isNaN(exact) ? Math.round((dueTime - Number.parseInt(entryId, 10)) / 10_000) * 10_000 : exact;
  return fields.with(at + 1, String(relative));
}
