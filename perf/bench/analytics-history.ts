import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

export const hourMs = 3_600_000;
export const monthHours = 30 * 24;
const patienceMs = 60_000;

const addSeries = `INSERT INTO analytics_series (name, dimension, value)
  SELECT $1, CASE i WHEN 0 THEN '' ELSE 'page' END, CASE i WHEN 0 THEN '' ELSE 'page-' || i END
  FROM generate_series(0, $2::int) AS i ON CONFLICT DO NOTHING`;
/** Hour by hour, as it grows in life: the rows of a series lie far apart. */
const addHours = `INSERT INTO analytics_hours (series_id, hour, events, total, minutes, totals)
  SELECT id, hour, 60, 75, array_fill(1, ARRAY[60]), array_fill(1.25::float8, ARRAY[60])
  FROM generate_series($2::timestamptz, $3::timestamptz - interval '1 hour', '1 hour') AS hour, analytics_series
  WHERE name = $1 ORDER BY hour`;
const addDays = `INSERT INTO analytics_days (series_id, day, events, total)
  SELECT id, day, 1440, 1800 FROM analytics_series, generate_series(date_trunc('day', $2::timestamptz, 'UTC'),
    date_trunc('day', $3::timestamptz, 'UTC') - interval '1 day', '1 day') AS day
  WHERE name = $1 ORDER BY day`;
const addUniques = `INSERT INTO analytics_uniques (name, span, start, subjects)
  SELECT $1, $2, start, ARRAY(SELECT 'user-' || i FROM generate_series(1, $3::int) AS i)
  FROM generate_series(date_trunc($2, $4::timestamptz, 'UTC'),
    date_trunc($2, $5::timestamptz, 'UTC') - ('1 ' || $2)::interval, ('1 ' || $2)::interval) AS start`;

/** History as the roll-up would have written it, put straight into PostgreSQL: a month takes seconds. */
export class HistoryFiller {
  private constructor(
    private readonly client: pg.Client,
    /** The first hour that is not in the history, since 1970. */
    readonly until: number,
  ) {}

  /** Connects to the PostgreSQL that a bench's Posta has embedded, once its roll-up has come up to the present. */
  static async open(postgresDir: string): Promise<HistoryFiller> {
    const client = new pg.Client(`postgresql:///postgres?host=${encodeURIComponent(postgresDir)}&user=posta`);
    await client.connect();
    return new HistoryFiller(client, await untilRolledUp(client));
  }

  /**
   * The hours from one up to another of a name with values of the dimension "page": an event a minute in each series, 200
   * subjects an hour, 1000 a day. They begin and end with a day, or where the history does.
   */
  async fill(name: string, values: number, from: number, until: number): Promise<void> {
    const begun = performance.now();
    const range = [toTime(from), toTime(until)];
    await this.addPartitions(from, until);
    await this.client.query(addSeries, [name, values]);
    await this.client.query(addHours, [name, ...range]);
    await this.client.query(addDays, [name, ...range]);
    await this.client.query(addUniques, [name, "hour", 200, ...range]);
    await this.client.query(addUniques, [name, "day", 1000, ...range]);
    await this.client.query("VACUUM ANALYZE");
    // Else it would write all that while reads are measured.
    await this.client.query("CHECKPOINT");
    const rows = ((until - from) * (values + 1)).toLocaleString("en");
    console.log(`history: ${rows} hours of series more, made in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  private async addPartitions(from: number, until: number): Promise<void> {
    const first = new Date(from * hourMs);
    for (let after = 0; ; after += 1) {
      const [month, next] = [after, after + 1].map((months) =>
        new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + months)).toISOString(),
      ) as [string, string];
      if (month >= toTime(until)) return;
      for (const table of ["analytics_hours", "analytics_uniques"]) {
        const name = `${table}_${month.slice(0, 7).replace("-", "_")}`;
        const bounds = `FROM ('${month}') TO ('${next}')`;
        await this.client.query(`CREATE TABLE IF NOT EXISTS ${name} PARTITION OF ${table} FOR VALUES ${bounds}`);
      }
    }
  }
}

function toTime(hour: number): string {
  return new Date(hour * hourMs).toISOString();
}

/** Hours without events only advance the watermark: a new Posta has a week of them. */
async function untilRolledUp(client: pg.Client): Promise<number> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const { rows } = await client.query("SELECT rolled_until FROM analytics_rollup").catch(() => ({ rows: [] }));
    const hour = Number(rows[0]?.rolled_until) / hourMs;
    if (hour >= Math.floor(Date.now() / hourMs) - 3) return hour;
    if (Date.now() > deadline) throw new Error("the delivery process does not roll up");
    await sleep(200);
  }
}
