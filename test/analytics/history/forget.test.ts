import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { forgetHistory } from "../../../src/analytics/history/forget.js";
import { oldestKept } from "../../../src/store/postgres/partitions.js";
import { createFixture, type Fixture, openReads } from "../fixture.js";
import type { ModelEvent } from "../model.js";

const hourMs = 3_600_000;
const april = Date.UTC(2024, 3, 1) / hourMs;
/** Two days before the month's end. */
const first = april - 48;
const kept = new Date(april * hourMs);
const all = { start: first * 60, end: (april + 48) * 60 };
const [before, after] = [
  { ...all, end: april * 60 },
  { ...all, start: april * 60 },
];
const statement = (text: string) => ({ name: text.slice(0, 60), text });

const never = new AbortController().signal;

let fixture: Fixture;
const forget = () => forgetHistory(fixture.postgres, kept, never);
beforeEach(async () => {
  fixture = await createFixture({ watermark: first });
});
afterEach(() => fixture.stop());

/** Each hour of two days on both sides: in "es" always, in "pt" before April, in "fr" from it on. */
function makeEvents(): ModelEvent[] {
  return Array.from({ length: 96 }, (_, hour) => ["es", hour < 48 ? "pt" : "fr"]).flatMap((countries, hour) =>
    countries.map((country) => ({
      name: "sent",
      minute: (first + hour) * 60 + (hour % 60),
      subject: `s${hour}`,
      value: hour / 4,
      dimensions: { country },
    })),
  );
}

const countriesOf = async () => {
  const text = "SELECT value FROM analytics_series WHERE dimension = 'country' ORDER BY value";
  return (await fixture.postgres.query<{ value: string }>(statement(text))).map(({ value }) => value);
};
const sumsOf = async () => {
  const { sums } = openReads(await fixture.openProcess());
  const series = ["es", "fr", "pt"].map((value) => ({ name: "sent", dimension: "country", value }));
  return { before: await sums.counters(series, before), after: await sums.counters(series, after), series };
};

describe("history that is no longer kept", () => {
  it("is dropped to a month's first moment; what is after it stays exact", async () => {
    await fixture.record(makeEvents());
    await fixture.rollUntil(april + 48);
    expect(await countriesOf()).toEqual(["es", "fr", "pt"]);
    expect(await forget()).toEqual(["analytics_hours_2024_03", "analytics_uniques_2024_03"]);
    const is = await sumsOf();
    expect(is.before.map(({ events, total }) => events + total)).toEqual([0, 0, 0]);
    expect(is.after).toEqual(is.series.map((one) => fixture.model.sum(one, after)));
    const { lists } = openReads(await fixture.openProcess());
    expect(await lists.topValues({ name: "sent", dimension: "country" }, all, 10)).toEqual(
      fixture.model.top("sent", "country", after, 10),
    );
    expect((await lists.countUnique("sent", all)).subjects).toBe(48);
    expect(await countriesOf()).toEqual(["es", "fr"]);
    expect(await forget()).toEqual([]);
  });

  it("is dropped to the end by another call where one was interrupted", async () => {
    await fixture.record(makeEvents());
    await fixture.rollUntil(april + 48);
    const killed = await fixture.openProcess();
    const transaction = killed.postgres.transaction.bind(killed.postgres);
    let done = 0;
    killed.postgres.transaction = (work) => {
      done += 1;
      return done === 3 ? Promise.reject(new Error("killed")) : transaction(work);
    };
    await expect(forgetHistory(killed.postgres, kept, never)).rejects.toThrow("killed");
    expect(await forget()).toHaveLength(2);
    expect(await countriesOf()).toEqual(["es", "fr"]);
    expect((await sumsOf()).before.map(({ events }) => events)).toEqual([0, 0, 0]);
  });

  it("stays, for the next call, where it is told to stop", async () => {
    await fixture.record(makeEvents());
    await fixture.rollUntil(april + 48);
    const stopping = new AbortController();
    const { postgres } = await fixture.openProcess();
    const transaction = postgres.transaction.bind(postgres);
    postgres.transaction = (work) => transaction(work).finally(() => stopping.abort());
    expect(await forgetHistory(postgres, kept, stopping.signal)).toEqual([]);
    expect(await forget()).toHaveLength(2);
  });

  it("is not dropped while somebody reads it for long, but by the next call", async () => {
    await fixture.record(makeEvents());
    await fixture.rollUntil(april + 48);
    const reader = new pg.Client({ connectionString: fixture.databaseUrl });
    await reader.connect();
    try {
      await reader.query("BEGIN");
      await reader.query("SELECT FROM analytics_hours");
      await expect(forget()).rejects.toMatchObject({ code: "unavailable" });
      await reader.query("COMMIT");
      expect(await forget()).toHaveLength(2);
    } finally {
      await reader.end();
    }
  });

  it("leaves a series to the roll-up that is about to write it again", async () => {
    await fixture.record(makeEvents());
    await fixture.rollUntil(april + 48);
    const rollUp = new pg.Client({ connectionString: fixture.databaseUrl });
    await rollUp.connect();
    try {
      await rollUp.query("BEGIN");
      await rollUp.query("SELECT FROM analytics_rollup FOR UPDATE");
      await expect(forget()).rejects.toMatchObject({ code: "unavailable" });
      await rollUp.query(
        `INSERT INTO analytics_hours SELECT id, $1, 1, 0, array_fill(0, ARRAY[60]) FROM analytics_series WHERE value = 'pt'`,
        [new Date((april + 48) * hourMs)],
      );
      await rollUp.query("COMMIT");
      await forget();
      expect(await countriesOf()).toEqual(["es", "fr", "pt"]);
    } finally {
      await rollUp.end();
    }
  });
});

describe("the oldest month that is kept", () => {
  it("counts the month of now", () => {
    const now = new Date("2024-03-31T23:59:59Z");
    expect(oldestKept(now, 1)).toEqual(new Date("2024-03-01"));
    expect(oldestKept(now, 13)).toEqual(new Date("2023-03-01"));
  });
});
