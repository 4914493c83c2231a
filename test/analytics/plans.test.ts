import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { putSums } from "../../src/analytics/history/day-writer.js";
import type { Statement } from "../../src/store/postgres/session.js";
import { createFixture, type Fixture } from "./fixture.js";

const hourMs = 3_600_000;
const dayHours = 24;
/** Two months and a half of history, so that a month of it is not all of it. */
const until = Date.UTC(2024, 6, 16, 9) / hourMs;
const months = ["2024_05", "2024_06", "2024_07"];
const total = { name: "asked", dimension: "", value: "" };

let fixture: Fixture;
let client: pg.Client;
/** What the reads have asked of PostgreSQL since the last look. */
const asked: { statement: Statement; values: unknown[] }[] = [];

/** Names beside the one that is asked for, hours with a row each, as the roll-up would have written them. */
const fill = [
  `INSERT INTO analytics_series (name, dimension, value) SELECT name, dimension, CASE dimension WHEN '' THEN '' ELSE 'v' || i END
    FROM unnest(ARRAY['asked', 'other-1', 'other-2', 'other-3']) AS name, unnest(ARRAY['', 'page']) AS dimension,
      generate_series(1, CASE dimension WHEN '' THEN 1 ELSE 15 END) AS i`,
  `INSERT INTO analytics_hours (series_id, hour, events, total, minutes)
    SELECT id, hour, 1, 0, array_fill(0, ARRAY[60])
    FROM generate_series(timestamptz '2024-05-01Z', '2024-07-16 08:00Z', '1 hour') AS hour, analytics_series`,
  `INSERT INTO analytics_uniques (name, span, start, subjects)
    SELECT name, span, start, ARRAY[name || start] FROM unnest(ARRAY['hour', 'day']) AS span,
      generate_series(timestamptz '2024-05-01Z', '2024-07-15 00:00Z', ('1 ' || span)::interval) AS start,
      (SELECT DISTINCT name FROM analytics_series) AS names`,
  `INSERT INTO analytics_days (series_id, day, events, total)
    SELECT series_id, date_trunc('day', hour, 'UTC'), sum(events), sum(total) FROM analytics_hours
    WHERE hour < '2024-07-16Z' GROUP BY 1, 2`,
  "VACUUM ANALYZE",
];

beforeAll(async () => {
  fixture = await createFixture({ watermark: until });
  const { postgres } = fixture;
  client = new pg.Client(fixture.databaseUrl);
  await client.connect();
  for (const [table, month] of ["analytics_hours", "analytics_uniques"].flatMap((table) =>
    months.map((month) => [table, month]),
  )) {
    const start = `${month?.replace("_", "-")}-01Z`;
    await client.query(`CREATE TABLE ${table}_${month} PARTITION OF ${table}
      FOR VALUES FROM ('${start}') TO (timestamptz '${start}' + interval '1 month')`);
  }
  for (const sql of fill) await client.query(sql);
  const query = postgres.query.bind(postgres);
  postgres.query = (statement, values = []) => {
    asked.push({ statement, values });
    return query(statement, values);
  };
});
afterAll(async () => {
  await client?.end();
  await fixture?.stop();
});

interface Scan {
  table: string;
  scan: string;
  rows: number;
}

interface Node {
  "Node Type": string;
  "Relation Name"?: string;
  "Actual Loops": number;
  "Actual Rows": number;
  Plans?: Node[];
}

/** How PostgreSQL answers what a read asks: the scans that it ran, by table. */
async function scansOf(read: () => Promise<unknown>): Promise<Scan[]> {
  asked.length = 0;
  await read();
  const scans: Scan[] = [];
  const walk = (node: Node) => {
    const table = node["Relation Name"];
    if (table !== undefined && node["Actual Loops"] > 0)
      scans.push({ table, scan: node["Node Type"], rows: node["Actual Rows"] });
    for (const child of node.Plans ?? []) walk(child);
  };
  for (const { statement, values } of asked) {
    const explain = `EXPLAIN (ANALYZE, FORMAT JSON) ${statement.text}`;
    const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: Node }] }>(explain, values);
    walk((rows[0] as { "QUERY PLAN": [{ Plan: Node }] })["QUERY PLAN"][0].Plan);
  }
  return scans;
}

/** From within a day in June to within one in July: whole days, and hours at both ends. */
const range = { start: (until - 30 * dayHours - 2) * 60, end: (until - 3) * 60 };
const cut = { start: range.start + 7, end: range.end - 7 };

const [hours, uniques] = ["analytics_hours", "analytics_uniques"].map((table) => [
  `${table}_2024_06`,
  `${table}_2024_07`,
]);

/** What is asked, and the tables that it is answered from. */
const questions: [string, string[] | undefined, () => Promise<unknown>][] = [
  [
    "GetCounters",
    ["analytics_days", ...(hours ?? [])],
    () => fixture.reads.sums.counters([total, { ...total, dimension: "page", value: "v3" }], cut),
  ],
  [
    "GetTimeSeries by the minute",
    ["analytics_hours_2024_07"],
    () => fixture.reads.sums.timeSeries(total, { start: cut.end - 500, end: cut.end }, "minute", ""),
  ],
  ["GetTimeSeries by the hour", hours, () => fixture.reads.sums.timeSeries(total, cut, "hour", "")],
  [
    "GetTimeSeries by the day",
    ["analytics_days", ...(hours ?? [])],
    () => fixture.reads.sums.timeSeries(total, cut, "day", ""),
  ],
  ["GetTimeSeries by the day of a zone", hours, () => fixture.reads.sums.timeSeries(total, cut, "day", "Asia/Kolkata")],
  ["CountUnique", uniques, () => fixture.reads.lists.countUnique("asked", range)],
  [
    "ListTopValues",
    ["analytics_days", ...(hours ?? [])],
    () => fixture.reads.lists.topValues({ name: "asked", dimension: "page" }, range, 10),
  ],
];

it.each(questions)("%s over a month is answered by indexes, of that month's tables", async (_, tables, read) => {
  const scans = (await scansOf(read)).filter(({ table }) => /^analytics_(hours|days|uniques)/.test(table));
  const found = scans.filter(({ rows }) => rows > 0).map(({ table }) => table);
  expect([...new Set(found)].sort()).toEqual(tables);
  expect(scans.filter(({ scan }) => !/^(Index|Index Only|Bitmap Heap) Scan$/.test(scan))).toEqual([]);
});

it("a day is added up out of its own hours, not of a whole month's", async () => {
  const scans = await scansOf(() => {
    return fixture.postgres.query(putSums, [new Date("2024-06-20Z"), new Date("2024-06-21Z")]);
  });
  expect(scans.map(({ table }) => table)).toContain("analytics_hours_2024_06");
  expect(scans.filter(({ table, scan }) => table.startsWith("analytics_hours") && scan === "Seq Scan")).toEqual([]);
});
