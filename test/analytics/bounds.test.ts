import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { detailsOf, failureOf } from "../support/client.js";
import { type Bundle, code, hourMs, readCounts, setup } from "./setup.js";

const [maxSeries, maxOthers, maxNames] = [20, 100, 8];

let bundle: Bundle;
let names = 0;
const freshName = () => `bound-${names++}`;

beforeAll(async () => {
  bundle = await setup({ POSTA_ANALYTICS_MAX_SERIES: `${maxSeries}`, POSTA_ANALYTICS_MAX_NAMES: `${maxNames}` });
});
afterAll(() => bundle.stop());

const trackAll = (events: object[]) => bundle.call("TrackEvents", { events });

/** Keys of a kind that belong to a name. */
const keysOf = (kind: string, name: string) => bundle.inspector.keys(`${bundle.prefix}:${kind}:*:${name}`);

async function expectAllToExpire(): Promise<void> {
  for (const key of await bundle.inspector.keys(`${bundle.prefix}:*`)) {
    expect(await bundle.inspector.ttl(key), key).toBeGreaterThan(0);
  }
}

async function metricOf(what: string): Promise<number> {
  const [, value] =
    new RegExp(`^posta_analytics_${what}_total (\\d+)$`, "m").exec(await bundle.posta.metrics.metrics()) ?? [];
  return Number(value);
}

describe("the series of a name", () => {
  it("stay within a bound where each event brings a dimension of its own", async () => {
    const name = freshName();
    const count = 400;
    await trackAll(Array.from({ length: count }, (_, index) => ({ name, dimensions: { [`k${index}`]: "v" } })));
    const [key = ""] = await keysOf("series", name);
    expect(await bundle.inspector.zcard(key)).toBeLessThanOrEqual(maxSeries + maxOthers + 1);
    const counts = [...(await readCounts(bundle))].filter(([series]) => series.includes(` ${name} `));
    const sum = (of: typeof counts) => of.reduce((all, [, { events }]) => all + events, 0);
    // The total, and each event once more in whatever series it has come to.
    expect(sum(counts)).toBe(2 * count);
    expect(sum(counts.filter(([series]) => series.includes(` ${name} other other `)))).toBe(
      count - maxSeries - maxOthers + 1,
    );
    const metrics = await bundle.posta.metrics.metrics();
    expect(metrics).toMatch(new RegExp(`^posta_analytics_other_events_total ${count - maxSeries + 1}$`, "m"));
    await expectAllToExpire();
  });

  it.each(["__proto__", "constructor", "a b:c{d}", "ключ"])("may come of a dimension called %j", async (dimension) => {
    const name = "odd";
    const dimensions = Object.fromEntries([[dimension, "x"]]);
    await trackAll([{ name, dimensions }]);
    const [key = ""] = await keysOf("series", name);
    expect(await bundle.inspector.zscore(key, `${dimension}\x1fx`)).toBe("1");
    const { events } = await bundle.call("ListRecentEvents", { name });
    expect(Object.entries(events[0].dimensions)).toEqual([[dimension, "x"]]);
  });
});

describe("the subjects of a name", () => {
  it("are kept one by one while they are few, and estimated beyond, each but once", async () => {
    const name = freshName();
    const send = (from: number, count: number) =>
      trackAll(Array.from({ length: count }, (_, index) => ({ name, subject: `s${from + index}` })));
    await send(0, 900);
    await send(500, 500);
    const [set = ""] = await keysOf("subjects", name);
    expect(await bundle.inspector.scard(set)).toBe(1000);
    await send(900, 4000);
    await send(0, 3000);
    expect(await keysOf("subjects", name)).toEqual([]);
    const [sketch = ""] = await keysOf("hll", name);
    // 4900 within three standard errors of 0.81 %.
    expect(Math.abs((await bundle.inspector.pfcount(sketch)) - 4900)).toBeLessThan(4900 * 0.025);
    await expectAllToExpire();
  });
});

describe("the names of an hour", () => {
  it("are so many; an event of one more is refused alone, and its id not taken", async () => {
    const own = Array.from({ length: maxNames + 2 }, () => freshName());
    const before = await metricOf("events");
    const { results } = await trackAll(own.map((name) => ({ name, id: `id-of-${name}` })));
    const refused = own.filter((_, index) => results[index].error);
    // Those of the tests before count too.
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(refused.length).toBeLessThan(own.length);
    expect(await metricOf("events")).toBe(before + own.length - refused.length);
    for (const name of refused)
      expect(await bundle.inspector.exists(`${bundle.prefix}:id:${name}\x1fid-of-${name}`)).toBe(0);
    const kept = own.find((name) => !refused.includes(name));
    expect(await bundle.inspector.exists(`${bundle.prefix}:id:${kept}\x1fid-of-${kept}`)).toBe(1);
    const error = await failureOf(bundle.call("TrackEvent", { event: { name: refused[0] } }));
    expect(error.code).toBe(code.resourceExhausted);
    expect(error.details).toBe("event.name: the hour has as many names as it may have; nothing was counted");
    expect(detailsOf(error).BadRequest?.fieldViolations?.[0]?.field).toBe("event.name");
    expect(Number(detailsOf(error).RetryInfo?.retryDelay?.seconds)).toBeLessThan(3600);
    expect(await metricOf("refused_events")).toBe(refused.length + 1);
    // Posta's own have places that others cannot take, and no more than those.
    const posta = await trackAll(Array.from({ length: 30 }, (_, index) => ({ name: `whatsapp.${index}` })));
    expect(posta.results.filter(({ error }: { error: object | null }) => !error)).toHaveLength(20);
  });

  it("do not grow by an event that was counted in another hour and comes again", async () => {
    const own = await setup();
    try {
      const at = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: 0 });
      const event = { name: "again", id: "one" };
      const hourAgo = Date.now() - hourMs + 5000;
      const send = (time: object) => own.call("TrackEvents", { events: [{ ...event, time }, { name: "other" }] });
      await send(at(hourAgo));
      const { results } = await send(at(Date.now()));
      expect(results[0].outcome).toBe("OUTCOME_DUPLICATE");
      const hour = Math.floor(Date.now() / hourMs);
      expect(await own.inspector.smembers(`${own.prefix}:names:${hour}`)).toEqual(["other"]);
      expect(await own.inspector.ttl(`${own.prefix}:names:${hour}`)).toBeGreaterThan(0);
      const metrics = await own.posta.metrics.metrics();
      expect(metrics).toMatch(/^posta_analytics_events_total 4$/m);
    } finally {
      await own.stop();
    }
  });
});
