import type { Redis } from "ioredis";
import type { Keys, Series } from "../../src/analytics/keys.js";
import type { Range } from "../../src/analytics/range.js";

/** An event as the plain model knows it. */
export interface ModelEvent {
  name: string;
  minute: number;
  subject?: string;
  value?: number;
  dimensions?: Record<string, string>;
}

const maxSubjects = 1000;

/** Everything that happened, in one list: what any answer is compared with. */
export class Model {
  readonly events: ModelEvent[] = [];

  sum({ name, dimension, value }: Series, { start, end }: Range): { events: number; total: number } {
    const found = this.events.filter((event) => {
      if (event.name !== name || event.minute < start || event.minute >= end) return false;
      return dimension === "" || event.dimensions?.[dimension] === value;
    });
    return { events: found.length, total: found.reduce((sum, event) => sum + (event.value ?? 0), 0) };
  }

  subjects(name: string, { start, end }: Range): number {
    const found = this.events.filter((event) => event.name === name && event.minute >= start && event.minute < end);
    return new Set(found.flatMap(({ subject }) => subject ?? [])).size;
  }

  top(name: string, dimension: string, { start, end }: Range, limit: number): { value: string; events: number }[] {
    const counts = new Map<string, number>();
    for (const event of this.events) {
      const value = event.dimensions?.[dimension];
      if (event.name !== name || value === undefined || event.minute < start || event.minute >= end) continue;
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const all = Array.from(counts, ([value, events]) => ({ value, events }));
    all.sort((a, b) => b.events - a.events || Buffer.compare(Buffer.from(a.value), Buffer.from(b.value)));
    return all.slice(0, limit);
  }
}

/** Puts events into Redis in the shape that the write path gives them, and into the model. */
export async function record(redis: Redis, keys: Keys, model: Model, events: ModelEvent[]): Promise<void> {
  const pipeline = redis.pipeline();
  const subjects = new Map<string, { name: string; hour: number; all: Set<string> }>();
  for (const event of events) {
    model.events.push(event);
    const { name, minute, subject, value, dimensions = {} } = event;
    const hour = Math.floor(minute / 60);
    pipeline.sadd(keys.names(hour), name);
    for (const [dimension, text] of [["", ""], ...Object.entries(dimensions)] as [string, string][]) {
      pipeline.zincrby(keys.series(hour, name), 1, keys.member(dimension, text));
      const hash = keys.minutes(hour, { name, dimension, value: text });
      pipeline.hincrby(hash, String(minute % 60), 1);
      if (value !== undefined) pipeline.hincrbyfloat(hash, `s${minute % 60}`, value);
    }
    if (subject === undefined) continue;
    const key = keys.subjects(hour, name);
    const entry = subjects.get(key) ?? { name, hour, all: new Set<string>() };
    subjects.set(key, entry);
    entry.all.add(subject);
  }
  await pipeline.exec();
  for (const { name, hour, all } of subjects.values()) await recordSubjects(redis, keys, name, hour, [...all]);
}

async function recordSubjects(redis: Redis, keys: Keys, name: string, hour: number, subjects: string[]) {
  const [set, hll] = [keys.subjects(hour, name), keys.hll(hour, name)];
  if (await redis.exists(hll)) return void (await redis.pfadd(hll, ...subjects));
  await redis.sadd(set, ...subjects);
  if ((await redis.scard(set)) <= maxSubjects) return;
  await redis.pfadd(hll, ...(await redis.smembers(set)));
  await redis.del(set);
}
