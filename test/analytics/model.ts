import { expect } from "vitest";
import type { Keys, Series } from "../../src/analytics/hot/keys.js";
import { minuteMs, type Range } from "../../src/analytics/time/range.js";
import { EventParser, type EventSpec } from "../../src/analytics/track/event.js";
import { EventStore } from "../../src/analytics/track/event-store.js";
import type { RedisStore } from "../../src/store/redis/store.js";

/** An event as the plain model knows it. */
export interface ModelEvent {
  name: string;
  minute: number;
  subject?: string;
  value?: number;
  dimensions?: Record<string, string>;
}

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

/** As old as a test wants its events: Redis keeps them all the same. */
const ages = 100 * 365 * 24 * 3_600_000;
const limits = {
  ...{ analyticsHotMs: ages, analyticsMaxNames: 10_000, analyticsMaxSeries: 1000, analyticsRecent: 1000 },
  ...{ analyticsIdWindowMs: 600_000, analyticsMaxAgeMs: 0, analyticsMaxLeadMs: 0 },
};
const batchSize = 500;

/** What puts events into Redis, as a server does, and into the model. Each third one has an id, and comes twice. */
export function createRecorder(store: RedisStore, keys: Keys, model: Model): (events: ModelEvent[]) => Promise<void> {
  const [events, parser] = [new EventStore(store, keys, limits), new EventParser(limits)];
  let recorded = 0;
  const parse = (event: ModelEvent) => {
    const timeMs = event.minute * minuteMs;
    const id = recorded++ % 3 === 0 ? `e${recorded}` : "";
    const { name, subject = "", value, dimensions = {} } = event;
    return parser.parse({ name, timeMs, id, subject, value, dimensions }, timeMs);
  };
  const write = async (batch: EventSpec[], outcome: string) => {
    const written = await events.write(batch, Number.POSITIVE_INFINITY);
    if (written.kind !== "done") throw new Error(`the events were not recorded: ${JSON.stringify(written)}`);
    expect(new Set(written.outcomes)).toEqual(new Set(batch.length > 0 ? [outcome] : []));
  };
  return async (given) => {
    model.events.push(...given);
    for (let from = 0; from < given.length; from += batchSize) {
      const batch = given.slice(from, from + batchSize).map(parse);
      await write(batch, "stored");
      await write(
        batch.filter(({ id }) => id !== ""),
        "duplicate",
      );
    }
  };
}
