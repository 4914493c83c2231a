import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { detailsOf, failureOf } from "../../support/client.js";
import { type Bundle, code, hourMs, minuteMs, readCounts, setup, toTimestamp } from "../setup.js";

let bundle: Bundle;
let names = 0;
/** An event name that no other test uses. */
const freshName = () => `event-${names++}`;

beforeAll(async () => {
  bundle = await setup({ POSTA_ANALYTICS_MAX_SERIES: "20" });
});
afterAll(() => bundle.stop());

const track = (event: object, more: object = {}) => bundle.call("TrackEvent", { event, ...more });
const trackAll = (events: object[], more: object = {}) => bundle.call("TrackEvents", { events, ...more });

describe("an event", () => {
  it("counts in its total and in each of its dimensions, in the minute of its time", async () => {
    const name = freshName();
    const time = Math.floor(Date.now() / minuteMs) * minuteMs - 7 * minuteMs;
    const event = {
      name,
      time: toTimestamp(time),
      subject: "ada",
      value: 2.5,
      dimensions: { channel: "sms", lang: "es" },
    };
    expect(await track(event)).toEqual({ outcome: "OUTCOME_STORED" });
    const place = (series: string) => `${Math.floor(time / hourMs)} ${name} ${series} ${(time / minuteMs) % 60}`;
    const counts = [...(await readCounts(bundle))].filter(([key]) => key.split(" ")[1] === name);
    expect(Object.fromEntries(counts)).toEqual(
      Object.fromEntries([" ", "channel sms", "lang es"].map((series) => [place(series), { events: 1, total: 2.5 }])),
    );
  });

  it("counts in the minute of its time to the last nanosecond", async () => {
    const name = freshName();
    const minute = Math.floor(Date.now() / minuteMs) - 7;
    await track({ name, time: { seconds: minute * 60 + 59, nanos: 999_999_999 } });
    const [[key] = []] = [...(await readCounts(bundle))].filter(([series]) => series.includes(` ${name} `));
    expect(Number(key?.split(" ").at(-1))).toBe(minute % 60);
  });

  it("is counted once for its id, in one batch and over several", async () => {
    const name = freshName();
    const event = { name, id: `${name}-id` };
    const { results } = await trackAll([event, event, { name }]);
    expect(results.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      "OUTCOME_STORED",
      "OUTCOME_DUPLICATE",
      "OUTCOME_STORED",
    ]);
    expect(await track({ ...event, value: 9 })).toEqual({ outcome: "OUTCOME_DUPLICATE" });
    expect(await totalOf(name)).toEqual({ events: 2, total: 0 });
  });

  it("shares its id with none of another name", async () => {
    const [one, other] = [freshName(), freshName()];
    const { results } = await trackAll([one, other].map((name) => ({ name, id: "shared" })));
    expect(results.map(({ outcome }: { outcome: string }) => outcome)).toEqual(["OUTCOME_STORED", "OUTCOME_STORED"]);
  });

  it("counts under other once its name has all the series that it may have", async () => {
    const name = freshName();
    for (let user = 0; user < 60; user += 1) await track({ name, dimensions: { user: `u${user}` } });
    const counts = [...(await readCounts(bundle))].filter(([key]) => key.includes(` ${name} user `));
    expect(counts.length).toBeLessThanOrEqual(21);
    const sum = (of: typeof counts) => of.reduce((all, [, { events }]) => all + events, 0);
    expect(sum(counts)).toBe(60);
    expect(sum(counts.filter(([key]) => key.includes(" user other ")))).toBeGreaterThanOrEqual(40);
    expect(await totalOf(name)).toEqual({ events: 60, total: 0 });
  });

  it("keeps an hour for 48 h after its end, last events for 48 h, an id for 10 minutes, and nothing for ever", async () => {
    const name = freshName();
    await track({ name, id: "expires", subject: "s", value: 1, dimensions: { a: "b" } });
    const kept = new Map<string, number>();
    for (const key of await bundle.inspector.keys(`${bundle.prefix}:*`)) {
      const [, kind = "", hour] = key.slice(bundle.prefix.length).split(":");
      if (!key.includes(name) && kind !== "names") continue;
      const since = kind === "id" || kind.startsWith("recent") ? Date.now() : (Number(hour) + 1) * hourMs;
      kept.set(kind, Date.now() + (await bundle.inspector.pttl(key)) - since);
    }
    expect([...kept.keys()].sort()).toEqual([
      "id",
      "minutes",
      "names",
      "recent",
      "recent-pushed",
      "series",
      "subjects",
    ]);
    for (const [kind, keptMs] of kept) {
      expect(Math.abs(keptMs - (kind === "id" ? 600_000 : 48 * hourMs)), kind).toBeLessThan(5000);
    }
  });

  it("has its hour closed to it once that is in history", async () => {
    const name = freshName();
    const now = Date.now();
    await bundle.inspector.set(`${bundle.prefix}:closed`, Math.floor(now / hourMs) + 1, "EX", 60);
    const { results } = await trackAll([{ name, time: toTimestamp(now) }]).finally(() =>
      bundle.inspector.del(`${bundle.prefix}:closed`),
    );
    expect(results[0].error).toMatchObject({ code: code.invalidArgument });
    expect(results[0].error.message).toBe("events[0].time: its hour is closed; the counts of that hour are final");
    expect(await totalOf(name)).toBeUndefined();
  });
});

/** What a name has counted in all minutes together; undefined: nothing. */
async function totalOf(name: string) {
  const all = [...(await readCounts(bundle))].filter(([key]) => key.includes(` ${name}   `)).map(([, count]) => count);
  if (all.length === 0) return undefined;
  return all.reduce((sum, { events, total }) => ({ events: sum.events + events, total: sum.total + total }));
}

describe("what cannot be an event", () => {
  const long = (bytes: number) => "x".repeat(bytes);
  const manyDimensions = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`k${index}`, "v"]));
  const now = Date.now();
  const faults: [string, object, string][] = [
    ["no name", {}, "event.name: is required"],
    ["a long name", { name: long(129) }, "event.name: "],
    ["a control character", { name: "a\x1fb" }, "event.name: "],
    ["a long id", { name: "n", id: long(129) }, "event.id: "],
    ["a long subject", { name: "n", subject: long(257) }, "event.subject: "],
    ["a value that is no number", { name: "n", value: Number.NaN }, "event.value: NaN is not a finite number"],
    [
      "an infinite value",
      { name: "n", value: Number.POSITIVE_INFINITY },
      "event.value: Infinity is not a finite number",
    ],
    ["a value out of range", { name: "n", value: 2e15 }, "event.value: 2000000000000000 is not from -1e15 to 1e15"],
    ["too many dimensions", { name: "n", dimensions: manyDimensions }, "event.dimensions: 9 dimensions is over 8"],
    ["an empty key", { name: "n", dimensions: { "": "v" } }, "event.dimensions: is required"],
    ["a long key", { name: "n", dimensions: { [long(65)]: "v" } }, "event.dimensions: "],
    ["an empty value", { name: "n", dimensions: { k: "" } }, 'event.dimensions["k"]: is required'],
    ["a long value", { name: "n", dimensions: { k: long(129) } }, 'event.dimensions["k"]: '],
    ["an old time", { name: "n", time: toTimestamp(now - 2 * hourMs) }, "event.time: "],
    ["a time ahead", { name: "n", time: toTimestamp(now + hourMs) }, "event.time: "],
    ["a broken time", { name: "n", time: { seconds: 1, nanos: -5 } }, "event.time: "],
  ];

  it.each(faults)("%s is refused, and the field named", async (_, event, message) => {
    const error = await failureOf(track(event));
    expect(error.code).toBe(code.invalidArgument);
    expect(error.details).toContain(message);
    expect(detailsOf(error).BadRequest?.fieldViolations?.[0]?.field).toBe(message.split(":")[0]);
  });

  it("is too old or too far ahead by the limits that the error names", async () => {
    const at = (ms: number) => failureOf(track({ name: "n", time: toTimestamp(Date.now() + ms) }));
    expect((await at(-2 * hourMs)).details).toMatch(/^event.time: 72\d\d s ago is over 3600 s ago$/);
    expect((await at(hourMs)).details).toMatch(/^event.time: 3[56]\d\d s ahead is over 300 s ahead$/);
  });

  it("fails alone among others", async () => {
    const name = freshName();
    const { results } = await trackAll([{ name }, {}, { name }]);
    expect(results.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      "OUTCOME_STORED",
      "OUTCOME_UNSPECIFIED",
      "OUTCOME_STORED",
    ]);
    expect(results[1].error.message).toBe("events[1].name: is required");
  });

  it("is none, too many, or an unknown acknowledgement", async () => {
    expect((await failureOf(bundle.call("TrackEvent", {}))).details).toBe("event: is required");
    expect((await failureOf(trackAll([]))).details).toBe("events: is required");
    const many = Array.from({ length: 10_001 }, () => ({ name: "n" }));
    expect((await failureOf(trackAll(many))).details).toBe("events: 10001 items is over 10000");
    expect((await failureOf(track({ name: "n" }, { acknowledgement: 9 }))).details).toContain("acknowledgement: ");
  });
});
