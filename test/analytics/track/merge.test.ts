import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bundle, hourMs, minuteMs, readCounts, setup, toTimestamp } from "../setup.js";

interface Tracked {
  name: string;
  timeMs: number;
  id: string;
  value: number | undefined;
  dimensions: Record<string, string>;
}

describe("batches of many callers", () => {
  let bundle: Bundle;
  beforeAll(async () => {
    bundle = await setup();
  });
  afterAll(() => bundle.stop());

  it("count what a plain model counts, whatever came together and was sent again", async () => {
    const random = createRandom(20261125);
    const pick = <T>(items: T[]): T => items[Math.floor(random() * items.length)] as T;
    const now = Date.now();
    const ids = Array.from({ length: 40 }, (_, index) => `id-${index}`);
    const model = new Model();
    const calls: Promise<unknown>[] = [];
    for (let call = 0; call < 300; call += 1) {
      const events = Array.from({ length: 1 + Math.floor(random() * 20) }, () => {
        const id = random() < 0.2 ? pick(ids) : "";
        // All events of an id are the same: whichever comes first counts.
        const number = id === "" ? Math.floor(random() * 1000) : Number(id.slice(3));
        return {
          name: `name-${number % 3}`,
          timeMs: now - (number % 50) * minuteMs,
          id,
          value: number % 4 === 0 ? number / 8 : undefined,
          dimensions: number % 5 === 0 ? {} : { kind: `k${number % 7}`, place: `p${number % 2}` },
        };
      });
      for (const event of events) model.add(event);
      calls.push(bundle.call("TrackEvents", { events: events.map(toMessage) }));
      if (random() < 0.1) await pick(calls);
    }
    await Promise.all(calls);
    expect(Object.fromEntries(await readCounts(bundle))).toEqual(Object.fromEntries(model.counts));
  });
});

/** Counts events one by one. */
class Model {
  readonly counts = new Map<string, { events: number; total: number }>();
  private readonly ids = new Set<string>();

  add({ name, timeMs, id, value = 0, dimensions }: Tracked): void {
    if (this.ids.has(id)) return;
    if (id !== "") this.ids.add(id);
    for (const [dimension, of] of [["", ""], ...Object.entries(dimensions)]) {
      const [hour, minute] = [Math.floor(timeMs / hourMs), Math.floor(timeMs / minuteMs) % 60];
      const key = [hour, name, dimension, of, minute].join(" ");
      const count = this.counts.get(key) ?? { events: 0, total: 0 };
      this.counts.set(key, { events: count.events + 1, total: count.total + value });
    }
  }
}

function toMessage({ timeMs, ...event }: Tracked) {
  return { ...event, time: toTimestamp(timeMs) };
}

function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}
