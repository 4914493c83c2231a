import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { parseRange, splitAt } from "../../../src/analytics/time/range.js";
import { cutHours, cutRange } from "../../../src/analytics/time/time-buckets.js";

const minute = (text: string) => Date.parse(text) / 60_000;
const time = (text: string) => ({ seconds: Date.parse(text) / 1000, nanos: 0 });
const iso = (minutes: readonly number[]) => minutes.map((at) => new Date(at * 60_000).toISOString().slice(0, 16));
const range = (start: string, end: string) => ({ start: minute(start), end: minute(end) });

describe("days", () => {
  const cases: [string, string, string, string, string[]][] = [
    [
      "a half-hour offset",
      "Asia/Kolkata",
      "2024-01-01T00:00Z",
      "2024-01-02T19:00Z",
      ["2023-12-31T18:30", "2024-01-01T18:30", "2024-01-02T18:30"],
    ],
    [
      "the 23 hours of a spring day",
      "America/New_York",
      "2024-03-09T12:00Z",
      "2024-03-12T00:00Z",
      ["2024-03-09T05:00", "2024-03-10T05:00", "2024-03-11T04:00"],
    ],
    [
      "the 25 hours of an autumn day",
      "America/New_York",
      "2024-11-02T12:00Z",
      "2024-11-05T00:00Z",
      ["2024-11-02T04:00", "2024-11-03T04:00", "2024-11-04T05:00"],
    ],
    [
      "clocks set back by half an hour",
      "Australia/Lord_Howe",
      "2024-04-05T20:00Z",
      "2024-04-08T00:00Z",
      ["2024-04-05T13:00", "2024-04-06T13:00", "2024-04-07T13:30"],
    ],
    [
      "a day that the zone never had",
      "Pacific/Apia",
      "2011-12-29T11:00Z",
      "2012-01-01T00:00Z",
      ["2011-12-29T10:00", "2011-12-30T10:00", "2011-12-31T10:00"],
    ],
    [
      "a midnight that clocks skip",
      "America/Sao_Paulo",
      "2018-11-03T12:00Z",
      "2018-11-05T12:00Z",
      ["2018-11-03T03:00", "2018-11-04T03:00", "2018-11-05T02:00"],
    ],
    [
      "a midnight that comes twice",
      "America/Havana",
      "2024-11-02T12:00Z",
      "2024-11-04T12:00Z",
      ["2024-11-02T04:00", "2024-11-03T04:00", "2024-11-04T05:00"],
    ],
  ];

  it.each(cases)("knows %s (%s)", async (_, zone, start, end, days) => {
    expect(iso((await cutRange(range(start, end), "day", zone)).starts)).toEqual(days);
  });

  it.each(["Europe/Madrid", "America/St_Johns", "Africa/Casablanca", "Asia/Beirut", "Antarctica/Troll", "Asia/Tehran"])(
    "agrees with the library's own days over ten years in %s",
    async (zone) => {
      const ten = range("2014-05-05T05:05Z", "2024-05-05T05:05Z");
      const wanted = new Set<number>();
      let day = Temporal.Instant.fromEpochMilliseconds(ten.start * 60_000)
        .toZonedDateTimeISO(zone)
        .toPlainDate();
      for (;;) {
        const start = day.toZonedDateTime(zone).epochMilliseconds / 60_000;
        if (start >= ten.end) break;
        wanted.add(start);
        day = day.add({ days: 1 });
      }
      expect((await cutRange(ten, "day", zone)).starts).toEqual([...wanted]);
    },
  );

  it.each(["Europe/Nowhere", "+05:30", "2024-01-01T00:00[Asia/Tokyo]", "a\nb", "x".repeat(65)])(
    "refuses the time zone %j",
    async (zone) => {
      const cut = cutRange(range("2024-01-01T00:00Z", "2024-01-02T00:00Z"), "day", zone);
      await expect(cut).rejects.toMatchObject({ code: "invalid", field: "time_zone" });
    },
  );
});

describe("minutes and hours", () => {
  it("begin at whole ones, and count from the range's start to its end", async () => {
    const { starts, bounds } = await cutRange(range("2024-01-01T00:20Z", "2024-01-01T02:05Z"), "hour", "");
    expect(iso(starts)).toEqual(["2024-01-01T00:00", "2024-01-01T01:00", "2024-01-01T02:00"]);
    expect(iso(bounds)).toEqual(["2024-01-01T00:20", "2024-01-01T01:00", "2024-01-01T02:00", "2024-01-01T02:05"]);
    expect(iso(cutHours({ starts, bounds }).map((hour) => hour * 60))).toEqual([
      "2024-01-01T00:00",
      "2024-01-01T02:00",
    ]);
  });

  it("are at most 10,000, and have no time zone", async () => {
    const most = { start: 0, end: 10_000 };
    expect((await cutRange(most, "minute", "")).starts).toHaveLength(10_000);
    await expect(cutRange({ start: 0, end: 10_001 }, "minute", "")).rejects.toMatchObject({ field: "interval" });
    await expect(cutRange({ start: 59, end: 600_001 }, "hour", "")).rejects.toThrow(
      "interval: the range has 10001 hours, over 10000",
    );
    await expect(cutRange(most, "hour", "UTC")).rejects.toMatchObject({ field: "time_zone" });
  });
});

describe("a range", () => {
  const start = "2024-01-01T10:00Z";

  it.each([
    ["no start", null, time(start), "minute", "start"],
    ["no end", time(start), null, "minute", "end"],
    ["an end at the start", time(start), time(start), "minute", "end"],
    ["an end before the start", time(start), time("2024-01-01T09:59Z"), "minute", "end"],
    ["a part of a minute", { seconds: 61, nanos: 0 }, time(start), "minute", "start"],
    ["a part of a second", time(start), { seconds: 3e9, nanos: 1 }, "minute", "end"],
    ["a part of an hour", time(start), time("2024-01-01T11:01Z"), "hour", "end"],
    ["a start before 1970", { seconds: -60, nanos: 0 }, time(start), "minute", "start"],
    ["an end after 9999", time(start), { seconds: 1e15, nanos: 0 }, "minute", "end"],
    ["over ten years", time(start), time("2034-01-09T10:00Z"), "minute", "end"],
  ] as const)("is refused with %s", (_, from, until, unit, field) => {
    expect(() => parseRange(from, until, unit)).toThrow(expect.objectContaining({ code: "invalid", field }));
  });

  it("is split at an hour", () => {
    const whole = range("2024-01-01T09:30Z", "2024-01-01T11:30Z");
    const ten = minute(start) / 60;
    expect(splitAt(whole, ten)).toEqual({
      before: { start: whole.start, end: minute(start) },
      after: { start: minute(start), end: whole.end },
    });
    expect(splitAt(whole, ten - 1)).toEqual({ before: undefined, after: whole });
    expect(splitAt(whole, ten + 2)).toEqual({ before: whole, after: undefined });
  });
});
