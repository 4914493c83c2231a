import { readFileSync } from "node:fs";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { toPoints } from "../../../src/analytics/read/read-sums.js";
import { createDatabase } from "../../support/postgres.js";
import { useReleases } from "../../support/releases.js";
import { createFixture, createRandom, type Fixture, openReads } from "../fixture.js";
import type { ModelEvent } from "../model.js";

const hourMs = 3_600_000;
const dayHours = 24;
const total = { name: "sent", dimension: "", value: "" };
/** A day's start. */
const first = Date.UTC(2024, 2, 4) / hourMs;
const releases = useReleases();

async function open(): Promise<Fixture> {
  const fixture = await createFixture({ watermark: first });
  releases.push(fixture.stop);
  return fixture;
}

function makeEvents(hours: number): ModelEvent[] {
  const random = createRandom(11);
  return Array.from({ length: 3000 }, () => ({
    name: "sent",
    minute: first * 60 + random(hours * 60),
    value: random(100) / 4,
    dimensions: { country: `c${random(20)}` },
  }));
}

const statement = (text: string) => ({ name: text.slice(0, 60), text });
const daysUntil = async (fixture: Fixture) => {
  const [row] = await fixture.postgres.query<{ at: Date }>(statement("SELECT days_until AS at FROM analytics_rollup"));
  return Number(row?.at) / hourMs - first;
};

/** Sums and values of ranges that begin and end anywhere, by a process that has cached nothing, against the model. */
async function expectExact(fixture: Fixture, hours: number): Promise<void> {
  const reads = openReads(await fixture.openProcess());
  const random = createRandom(5);
  const series = [total, { ...total, dimension: "country", value: "c3" }];
  for (let round = 0; round < 30; round += 1) {
    const from = random(hours);
    const range = { start: (first + from) * 60, end: (first + from + 1 + random(hours - from)) * 60 };
    const cut = { start: range.start + random(59), end: range.end - random(59) + 59 };
    expect(await reads.sums.counters(series, cut)).toEqual(series.map((one) => fixture.model.sum(one, cut)));
    const top = await reads.lists.topValues({ name: "sent", dimension: "country" }, range, 20);
    expect(top).toEqual(fixture.model.top("sent", "country", range, 20));
  }
}

describe("sums of days", () => {
  it("are what whole days are read from, and hours what is around them", async () => {
    const fixture = await open();
    await fixture.record(makeEvents(100));
    await fixture.rollUntil(first + 4 * dayHours);
    expect(await daysUntil(fixture)).toBe(4 * dayHours);
    await expectExact(fixture, 96);
    await fixture.postgres.query(statement("UPDATE analytics_days SET events = events + 1000"));
    const range = { start: (first + 3) * 60, end: (first + 3 * dayHours + 5) * 60 };
    const [sum] = await fixture.reads.sums.counters([total], range);
    expect(sum?.events).toBe(fixture.model.sum(total, range).events + 2000);
    // Its days begin at half past an hour, and are none of ours.
    const points = toPoints(await fixture.reads.sums.timeSeries(total, range, "day", "Asia/Kolkata"));
    const events = points.reduce((all, point) => all + point.events, 0);
    expect(events).toBe(fixture.model.sum(total, range).events);
  });

  it("are made up for with the next hour where they are missing", async () => {
    const fixture = await open();
    await fixture.record(makeEvents(100));
    await fixture.rollUntil(first + 90);
    await fixture.postgres.query(statement("DELETE FROM analytics_days"));
    await fixture.postgres.query(statement("UPDATE analytics_rollup SET days_until = $1"), [new Date(first * hourMs)]);
    await expectExact(fixture, 90);
    await fixture.rollUntil(first + 91);
    expect(await daysUntil(fixture)).toBe(3 * dayHours);
    const [row] = await fixture.postgres.query(statement("SELECT sum(events)::bigint AS events FROM analytics_days"));
    const days = { start: first * 60, end: (first + 3 * dayHours) * 60 };
    expect(row).toEqual({ events: 2 * fixture.model.sum(total, days).events });
    await expectExact(fixture, 91);
  });
});

it("a history from before there were sums of days is migrated", async () => {
  const database = await createDatabase({ migrated: false });
  releases.push(() => database.drop());
  const client = new pg.Client(database.url);
  await client.connect();
  releases.push(() => client.end());
  const run = (file: string) => {
    return client.query(readFileSync(new URL(`../../../src/store/migrations/${file}.sql`, import.meta.url), "utf8"));
  };
  await run("001-analytics");
  await client.query(`CREATE TABLE analytics_hours_2024_03 PARTITION OF analytics_hours
    FOR VALUES FROM ('2024-03-01Z') TO ('2024-04-01Z')`);
  await client.query(`INSERT INTO analytics_hours (series_id, hour, events, total, minutes)
    SELECT 1, '2024-03-05 07:00Z', 1, 0, array_fill(0, ARRAY[60])`);
  await run("003-analytics-days");
  const { rows } = await client.query("SELECT days_until FROM analytics_rollup");
  expect(rows).toEqual([{ days_until: new Date("2024-03-05T00:00Z") }]);
  const indexes = await client.query("SELECT indexdef FROM pg_indexes WHERE tablename = 'analytics_hours_2024_03'");
  const definitions = indexes.rows.map(({ indexdef }) => indexdef).join("\n");
  expect(definitions).toMatch(/btree \(series_id, hour\) INCLUDE \(events, total\)/);
  expect(definitions).toMatch(/brin \(hour\)/);
});
