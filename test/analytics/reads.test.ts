import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toPoints } from "../../src/analytics/read/read-sums.js";
import { hoursOf } from "../../src/analytics/time/sums.js";
import { createFixture, createRandom, type Fixture, openReads } from "./fixture.js";
import type { ModelEvent } from "./model.js";

/** Whole days before the seam, so that there are day rows: a Monday, 2024-01-15. */
const first = Date.UTC(2024, 0, 15, 20) / 3_600_000;
const seam = first + 40;
const end = seam + 3;
const random = createRandom(7);
let fixture: Fixture;

const names = ["sent", "failed"];
const channels = ["sms", "whatsapp", "é", "𝒳", "\uff5e"];

function makeEvents(count: number, from: number, until: number): ModelEvent[] {
  return Array.from({ length: count }, () => ({
    name: names[random(2)] as string,
    minute: from * 60 + random((until - from) * 60),
    ...(random(3) > 0 ? { subject: `user${random(300)}` } : {}),
    ...(random(2) > 0 ? { value: random(1000) / 4 } : {}),
    ...(random(4) > 0 ? { dimensions: { channel: channels[random(5)] as string, country: `c${random(40)}` } } : {}),
  }));
}

beforeAll(async () => {
  fixture = await createFixture({ watermark: first });
  fixture.clock.now = end * 3_600_000;
  await fixture.record(makeEvents(4000, first, end));
  await fixture.rollUntil(seam);
  expect(await fixture.watermark()).toBe(seam);
});
afterAll(() => fixture?.stop());

const series = (name: string, dimension = "", value = "") => ({ name, dimension, value });
const someSeries = [
  series("sent"),
  series("failed"),
  series("sent", "channel", "sms"),
  series("failed", "country", "c3"),
  series("nothing"),
];

/** Ranges on either side of the seam, across it, and of no event at all. */
const ranges: [string, number, number][] = [
  ["wholly in the history", first * 60, seam * 60],
  ["wholly hot", seam * 60, end * 60],
  ["across the seam", first * 60, end * 60],
  ["from within an hour to within another", first * 60 + 7, seam * 60 + 59],
  ["within one hour of the history", first * 60 + 63, first * 60 + 64],
  ["within one hot hour", seam * 60 + 10, seam * 60 + 50],
  ["an hour to each side", seam * 60 - 60, seam * 60 + 60],
  ["a minute to each side", seam * 60 - 1, seam * 60 + 1],
  ["before there was anything", 1000 * 60, 1003 * 60],
  ["far ahead", end * 60 + 6_000_000, end * 60 + 6_100_000],
  ["from before all to after all", (first - 500) * 60 + 1, (end + 5000) * 60 + 1],
];

describe("GetCounters", () => {
  it.each(ranges)("agrees with the model: %s", async (_, start, until) => {
    const range = { start, end: until };
    const sums = await fixture.reads.sums.counters(someSeries, range);
    expect(sums).toEqual(someSeries.map((one) => fixture.model.sum(one, range)));
  });

  it("agrees with it on any range", async () => {
    for (let round = 0; round < 60; round++) {
      const start = first * 60 + random((end - first) * 60 - 1);
      const range = { start, end: start + 1 + random(end * 60 - start) };
      const sums = await fixture.reads.sums.counters(someSeries, range);
      expect(sums, JSON.stringify(range)).toEqual(someSeries.map((one) => fixture.model.sum(one, range)));
    }
  });
});

describe("GetTimeSeries", () => {
  const zones: ["minute" | "hour" | "day", string][] = [
    ["minute", ""],
    ["hour", ""],
    ["day", ""],
    ["day", "Asia/Kolkata"],
    ["day", "America/New_York"],
    ["day", "Australia/Lord_Howe"],
  ];

  it.each(zones)("agrees with the model by the %s %s", async (interval, zone) => {
    for (const [label, start, until] of ranges.slice(0, 8)) {
      const asked = { start, end: until };
      const points = toPoints(await fixture.reads.sums.timeSeries(series("sent"), asked, interval, zone));
      const wanted = points.map((point, index) => {
        const range = { start: Math.max(start, point.start), end: points[index + 1]?.start ?? until };
        return { start: point.start, ...fixture.model.sum(series("sent"), range) };
      });
      expect(points, label).toEqual(wanted);
      expect(points[0]?.start).toBeLessThanOrEqual(start);
    }
  });
});

describe("CountUnique", () => {
  const hours = hoursOf({ start: first * 60, end: end * 60 });

  it("is exact over any hours of small sets, on both sides of the seam", async () => {
    for (const name of [...names, "nothing"]) {
      for (const from of hours.filter((_, index) => index % 3 === 0)) {
        const range = { start: from * 60, end: (from + 1 + random(end - from)) * 60 };
        const wanted = { subjects: fixture.model.subjects(name, range), exact: true };
        expect(await fixture.reads.lists.countUnique(name, range)).toEqual(wanted);
      }
    }
  });
});

describe("ListTopValues", () => {
  it("agrees with the model over any hours, in the order of bytes where there are ties", async () => {
    for (const dimension of ["channel", "country", "none"]) {
      for (let round = 0; round < 15; round++) {
        const from = first + random(end - first);
        const range = { start: from * 60, end: (from + 1 + random(end - from)) * 60 };
        const limit = 1 + random(50);
        const values = await fixture.reads.lists.topValues({ name: "sent", dimension }, range, limit);
        expect(values).toEqual(fixture.model.top("sent", dimension, range, limit));
      }
    }
  });
});

describe("many", () => {
  it("subjects are an estimate, within 3 %, from sets and HyperLogLogs, hours and days", async () => {
    const own = await createFixture({ watermark: first });
    try {
      own.clock.now = end * 3_600_000;
      const crowd = (hour: number, from: number, count: number): ModelEvent[] =>
        Array.from({ length: count }, (_, index) => ({
          name: "crowd",
          minute: hour * 60,
          subject: `s${from + index}`,
        }));
      await own.record(crowd(first + 1, 0, 3000));
      await own.record(crowd(first + 2, 2500, 800));
      await own.record(crowd(first + 10, 3000, 900));
      await own.record(crowd(seam, 3500, 2000));
      await own.record(crowd(seam + 1, 0, 10));
      await own.rollUntil(seam);
      const check = async (from: number, until: number, exact: boolean) => {
        const range = { start: from * 60, end: until * 60 };
        const count = await own.reads.lists.countUnique("crowd", range);
        expect(count.exact, `${from - first}-${until - first}`).toBe(exact);
        const wanted = own.model.subjects("crowd", range);
        expect(Math.abs(count.subjects - wanted)).toBeLessThanOrEqual(exact ? 0 : wanted * 0.03);
      };
      await check(first + 1, first + 2, false);
      await check(first + 2, first + 3, true);
      await check(first, first + 4, false);
      await check(first, end, false);
      await check(first + 4, first + 28, true);
      await check(first + 4, end, false);
      await check(seam, seam + 1, false);
      await check(seam + 1, end, true);
      expect(await own.redis.client.keys(`${own.keys.prefix}:scratch:*`)).toEqual([]);
    } finally {
      await own.stop();
    }
  });

  it("values: exact across the seam although the history has more than are kept", async () => {
    const own = await createFixture({ watermark: first });
    try {
      own.clock.now = end * 3_600_000;
      const one = (hour: number, value: number): ModelEvent => ({
        name: "page",
        minute: hour * 60 + 1,
        dimensions: { path: `p${value}` },
      });
      await own.record(Array.from({ length: 6000 }, (_, index) => one(first + (index % 20), index % 2500)));
      // Values that were rare, seen lately more than any other.
      await own.record(Array.from({ length: 400 }, (_, index) => one(seam, 2400 + (index % 90))));
      await own.rollUntil(seam);
      const range = { start: first * 60, end: end * 60 };
      for (const limit of [1, 10, 100, 1000]) {
        const values = await own.reads.lists.topValues({ name: "page", dimension: "path" }, range, limit);
        expect(values).toEqual(own.model.top("page", "path", range, limit));
      }
    } finally {
      await own.stop();
    }
  });
});

describe("a watermark that is old", () => {
  it("is as right as a new one", async () => {
    const own = await createFixture({ watermark: first });
    try {
      own.clock.now = end * 3_600_000;
      await own.record(makeEvents(500, first, end));
      const range = { start: first * 60, end: end * 60 };
      const wanted = someSeries.map((one) => own.model.sum(one, range));
      expect(await own.reads.sums.counters(someSeries, range)).toEqual(wanted);
      const other = openReads({ ...(await own.openProcess()), now: () => end * 3_600_000 });
      expect(await other.sums.counters(someSeries, range)).toEqual(wanted);
      await own.rollUntil(seam);
      expect(await own.reads.sums.counters(someSeries, range)).toEqual(wanted);
      expect(await other.sums.counters(someSeries, range)).toEqual(wanted);
    } finally {
      await own.stop();
    }
  });
});
