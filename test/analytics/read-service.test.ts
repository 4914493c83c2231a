import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, startPostgres, type TestPostgres } from "../support/postgres.js";
import { type Bundle, code, hourMs, setup } from "./setup.js";

let bundle: Bundle;
let database: Awaited<ReturnType<typeof createDatabase>>;
const now = Date.now();
const hour = Math.floor(now / hourMs) * hourMs;
const time = (ms: number) => ({ seconds: ms / 1000, nanos: 0 });
const whole = { start: time(hour - hourMs), end: time(hour + 2 * hourMs) };

beforeAll(async () => {
  database = await createDatabase();
  bundle = await setup({ POSTA_DATABASE_URL: database.url });
});
afterAll(async () => {
  await bundle?.stop();
  await database?.drop();
});

const events = Array.from({ length: 90 }, (_, index) => ({
  name: "sent",
  subject: `user${index % 7}`,
  value: index % 4,
  dimensions: { channel: ["sms", "sms", "mail"][index % 3] as string },
}));

describe("what was tracked", () => {
  it("is answered by each read", async () => {
    const { results } = await bundle.call("TrackEvents", { events });
    expect(results.every(({ outcome }: { outcome: string }) => outcome === "OUTCOME_STORED")).toBe(true);
    const series = [{ name: "sent" }, { name: "sent", dimension: "channel", value: "mail" }, { name: "none" }];
    const { counters } = await bundle.call("GetCounters", { series, ...whole });
    const sum = (all: typeof events) => all.reduce((total, { value }) => total + value, 0);
    const mails = events.filter(({ dimensions }) => dimensions.channel === "mail");
    expect(counters).toEqual([
      { events: 90, total: sum(events) },
      { events: 30, total: sum(mails) },
      { events: 0, total: 0 },
    ]);
    const request = { series: { name: "sent" }, ...whole, interval: "INTERVAL_HOUR" };
    const { points } = await bundle.call("GetTimeSeries", request);
    expect(points.map(({ start }: { start: { seconds: number } }) => start.seconds * 1000)).toEqual([
      hour - hourMs,
      hour,
      hour + hourMs,
    ]);
    expect(points.reduce((all: number, point: { events: number }) => all + point.events, 0)).toBe(90);
    expect(await bundle.call("CountUnique", { name: "sent", ...whole })).toEqual({ subjects: 7, exact: true });
    const top = await bundle.call("ListTopValues", { name: "sent", dimension: "channel", ...whole });
    expect(top.values).toEqual([
      { value: "sms", events: 60 },
      { value: "mail", events: 30 },
    ]);
  });
});

describe("bad input", () => {
  const series = { name: "sent" };
  const odd = time(hour + 1000);
  const cases: [string, string, object, string][] = [
    ["no series", "GetCounters", { ...whole }, "series"],
    ["101 series", "GetCounters", { series: new Array(101).fill(series), ...whole }, "series"],
    ["a series without a name", "GetCounters", { series: [series, {}], ...whole }, "series[1].name"],
    ["a name of 129 bytes", "GetCounters", { series: [{ name: "x".repeat(129) }], ...whole }, "series[0].name"],
    ["a control character", "GetCounters", { series: [{ name: "a\nb" }], ...whole }, "series[0].name"],
    ["a value alone", "GetCounters", { series: [{ name: "a", value: "b" }], ...whole }, "series[0].value"],
    ["a dimension alone", "GetCounters", { series: [{ name: "a", dimension: "b" }], ...whole }, "series[0].value"],
    [
      "a dimension of 65 bytes",
      "GetCounters",
      { series: [{ name: "a", dimension: "d".repeat(65), value: "v" }], ...whole },
      "series[0].dimension",
    ],
    [
      "a value of 129 bytes",
      "GetCounters",
      { series: [{ name: "a", dimension: "d", value: "v".repeat(129) }], ...whole },
      "series[0].value",
    ],
    ["no start", "GetCounters", { series: [series], end: whole.end }, "start"],
    ["no end", "GetCounters", { series: [series], start: whole.start }, "end"],
    ["a start within a minute", "GetCounters", { series: [series], start: odd, end: whole.end }, "start"],
    ["an end within a minute", "GetCounters", { series: [series], start: whole.start, end: odd }, "end"],
    ["an end at the start", "GetCounters", { series: [series], start: whole.start, end: whole.start }, "end"],
    ["over ten years", "GetCounters", { series: [series], start: time(0), end: whole.end }, "end"],
    ["no series", "GetTimeSeries", { ...whole, interval: "INTERVAL_HOUR" }, "series"],
    ["no interval", "GetTimeSeries", { series, ...whole }, "interval"],
    ["an interval that is none", "GetTimeSeries", { series, ...whole, interval: 9 }, "interval"],
    [
      "a zone for hours",
      "GetTimeSeries",
      { series, ...whole, interval: "INTERVAL_HOUR", timeZone: "UTC" },
      "time_zone",
    ],
    [
      "a zone that is none",
      "GetTimeSeries",
      { series, ...whole, interval: "INTERVAL_DAY", timeZone: "Moon/Sea" },
      "time_zone",
    ],
    [
      "too many minutes",
      "GetTimeSeries",
      { series, start: time(hour - 200 * hourMs), end: time(hour), interval: "INTERVAL_MINUTE" },
      "interval",
    ],
    ["a bad series", "GetTimeSeries", { series: {}, ...whole, interval: "INTERVAL_DAY" }, "series.name"],
    ["no name", "CountUnique", { ...whole }, "name"],
    ["a start within an hour", "CountUnique", { name: "a", start: time(hour + 60_000), end: whole.end }, "start"],
    ["an end within an hour", "CountUnique", { name: "a", start: whole.start, end: time(hour + 60_000) }, "end"],
    ["no name", "ListTopValues", { dimension: "d", ...whole }, "name"],
    ["no dimension", "ListTopValues", { name: "a", ...whole }, "dimension"],
    ["a limit under 0", "ListTopValues", { name: "a", dimension: "d", limit: -1, ...whole }, "limit"],
    ["a limit over 1000", "ListTopValues", { name: "a", dimension: "d", limit: 1001, ...whole }, "limit"],
    ["no range", "ListTopValues", { name: "a", dimension: "d" }, "start"],
  ];

  it.each(cases)("%s: %s says so", async (_, method, request, field) => {
    await expect(bundle.call(method, request)).rejects.toMatchObject({
      code: code.invalidArgument,
      details: expect.stringMatching(new RegExp(`^${field.replace(/[[\].]/g, "\\$&")}: `)),
    });
  });
});

describe("without PostgreSQL", () => {
  let postgres: TestPostgres;
  let own: Bundle;

  beforeAll(async () => {
    postgres = await startPostgres();
    await postgres.kill();
    own = await setup({ POSTA_DATABASE_URL: postgres.url });
    await own.call("TrackEvents", { events });
    await own.inspector.set(`${own.prefix}:rolled`, hour / hourMs - 1);
  });
  afterAll(async () => {
    await own?.stop();
    await postgres?.stop();
  });

  it("the hours that are not in the history are read, and the others said to be out of reach", async () => {
    const { counters } = await own.call("GetCounters", { series: [{ name: "sent" }], ...whole });
    expect(counters[0].events).toBe(90);
    expect(await own.call("CountUnique", { name: "sent", ...whole })).toEqual({ subjects: 7, exact: true });
    const older = { start: time(hour - 2 * hourMs), end: whole.end };
    const calls: [string, object][] = [
      ["GetCounters", { series: [{ name: "sent" }], ...older }],
      ["GetTimeSeries", { series: { name: "sent" }, ...older, interval: "INTERVAL_DAY" }],
      ["CountUnique", { name: "sent", ...older }],
      ["ListTopValues", { name: "sent", dimension: "channel", ...older }],
    ];
    for (const [method, request] of calls) {
      await expect(own.call(method, request), method).rejects.toMatchObject({
        code: code.unavailable,
        details: expect.stringMatching(/^the history cannot be reached/),
      });
    }
    const { results } = await own.call("TrackEvents", { events });
    expect(results).toEqual(events.map(() => expect.objectContaining({ outcome: "OUTCOME_STORED" })));
  });
});

describe("without Redis", () => {
  it("a range that lies in the history wholly is read, and the others say what is missing", async () => {
    // The watermark of a new database is a week ago.
    const old = { start: time(hour - 300 * hourMs), end: time(hour - 200 * hourMs) };
    await bundle.call("GetCounters", { series: [{ name: "sent" }], ...old });
    await bundle.redis.kill();
    await bundle.untilHealth("NOT_SERVING");
    const series = [{ name: "failed" }];
    expect(await bundle.call("GetCounters", { series, ...old })).toEqual({ counters: [{ events: 0, total: 0 }] });
    await expect(bundle.call("GetCounters", { series, ...whole })).rejects.toMatchObject({
      code: code.unavailable,
      details: expect.stringMatching(/^the analytics store cannot be reached/),
    });
    await bundle.redis.restart();
    await bundle.untilHealth("SERVING");
  });
});
