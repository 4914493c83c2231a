import { describe, expect, it, vi } from "vitest";
import { createTemplate, startPostgres } from "../../support/postgres.js";
import { useReleases } from "../../support/releases.js";
import { createFixture, createRandom, type Fixture, openRollUp } from "../fixture.js";
import type { ModelEvent } from "../model.js";

const hourMs = 3_600_000;
/** The last hour of a day and those around it, so that each roll-up has a day to merge. */
const first = Date.UTC(2024, 4, 31, 21) / hourMs;
const midnight = first + 3;
const dueMs = hourMs + 2 * 60_000 + 1000;
let fixture: Fixture;
const releases = useReleases();

async function open(options: { databaseUrl?: string } = {}): Promise<Fixture> {
  fixture = await createFixture({ watermark: first, ...options });
  releases.push(fixture.stop);
  return fixture;
}

function makeEvents(count: number, until: number): ModelEvent[] {
  const random = createRandom(3);
  return Array.from({ length: count }, (_, index) => ({
    name: index % 5 === 0 ? "rare" : "often",
    minute: first * 60 + random((until - first) * 60),
    subject: `s${random(index % 5 === 0 ? 50 : 3000)}`,
    value: index % 9,
    dimensions: { kind: `k${random(700)}` },
  }));
}

/** Every answer that the reads have on the whole of it, against the model. */
async function expectExact(until: number): Promise<void> {
  const { reads, model } = fixture;
  const range = { start: first * 60, end: until * 60 };
  const series = ["often", "rare"].flatMap((name) => [
    { name, dimension: "", value: "" },
    { name, dimension: "kind", value: "k7" },
  ]);
  // A clock that moves on makes each question a new one to the cache.
  fixture.clock.now += 2000;
  expect(await reads.sums.counters(series, range)).toEqual(series.map((one) => model.sum(one, range)));
  const top = { name: "often", dimension: "kind" };
  expect(await reads.lists.topValues(top, range, 1000)).toEqual(model.top("often", "kind", range, 1000));
  const rare = await reads.lists.countUnique("rare", range);
  expect(rare).toEqual({ subjects: model.subjects("rare", range), exact: true });
  const often = await reads.lists.countUnique("often", range);
  const wanted = model.subjects("often", range);
  expect(Math.abs(often.subjects - wanted)).toBeLessThan(wanted * 0.03);
}

describe("the roll-up", () => {
  it("moves hours that are due, and no other; hours without events only advance", async () => {
    await open();
    await fixture.record([{ name: "one", minute: first * 60 + 125 }]);
    fixture.clock.now = first * hourMs + hourMs + dueMs - 2000;
    await fixture.rollUp.run();
    expect(await fixture.watermark()).toBe(first);
    fixture.clock.now += 2000;
    await fixture.rollUp.run();
    expect(await fixture.watermark()).toBe(first + 1);
    await fixture.rollUntil(first + 500);
    expect(await fixture.watermark()).toBe(first + 500);
    const count = { name: "count", text: "SELECT count(*) AS rows FROM analytics_hours" };
    expect(await fixture.postgres.query(count)).toEqual([{ rows: 1 }]);
  });

  it("closes an hour before it reads it, and never opens one again", async () => {
    await open();
    const { client } = fixture.redis;
    await client.set(fixture.keys.closed, first + 9);
    await fixture.rollUntil(first + 2);
    expect(await client.get(fixture.keys.closed)).toBe(String(first + 9));
    expect(await client.get(fixture.keys.rolled)).toBe(String(first + 2));
    await client.del(fixture.keys.closed, fixture.keys.rolled);
    await fixture.rollUp.run();
    expect(await client.get(fixture.keys.closed)).toBe(String(first + 2));
    expect(await client.get(fixture.keys.rolled)).toBe(String(first + 2));
    expect(await client.pttl(fixture.keys.closed)).toBeGreaterThan(0);
    expect(await client.pttl(fixture.keys.rolled)).toBeGreaterThan(0);
  });

  it("counts an hour once that is rolled up twice", async () => {
    await open();
    await fixture.record(makeEvents(3000, midnight + 1));
    await fixture.rollUntil(midnight + 1);
    await fixture.postgres.query({ name: "back", text: "UPDATE analytics_rollup SET rolled_until = $1" }, [
      new Date(first * hourMs),
    ]);
    await fixture.rollUntil(midnight + 1);
    expect(await fixture.watermark()).toBe(midnight + 1);
    await expectExact(midnight + 1);
  });

  it("goes on exactly where it was, whichever command it died before or after", async () => {
    await open();
    await fixture.record(makeEvents(2000, midnight + 1));
    let crashes = 0;
    for (const lost of ["command", "answer"] as const) {
      for (let at = 0; ; at++) {
        const process = await fixture.openProcess();
        const rollUp = openRollUp(process);
        const crashed = crashAt(process, at, lost);
        fixture.clock.now = midnight * hourMs + dueMs;
        await rollUp.run().catch(() => {});
        await rollUp.stop();
        await process.postgres.close();
        await untilNobodyLeads();
        if (!crashed()) break;
        crashes += 1;
        if (at % 7 === 0) await expectExact(midnight + 1);
        // Once it is through, it is to do all of it again.
        if ((await fixture.watermark()) === midnight && at % 3 === 0) {
          const back = { name: "back", text: "UPDATE analytics_rollup SET rolled_until = $1" };
          await fixture.postgres.query(back, [new Date(first * hourMs)]);
        }
      }
      await expectExact(midnight + 1);
    }
    expect(crashes).toBeGreaterThan(20);
    await fixture.rollUntil(midnight + 1);
    await expectExact(midnight + 1);
  });

  it("has one leader at a time, and the next when that is gone", async () => {
    await open();
    await fixture.record(makeEvents(3000, midnight + 1));
    const processes = [await fixture.openProcess(), await fixture.openProcess(), await fixture.openProcess()];
    const rollUps = processes.map(openRollUp);
    fixture.clock.now = first * hourMs + dueMs;
    await Promise.all(rollUps.map((rollUp) => rollUp.run()));
    fixture.clock.now = midnight * hourMs + dueMs;
    await Promise.all(rollUps.map((rollUp) => rollUp.run()));
    const led = await Promise.all(processes.map(({ metrics }) => hoursMoved(metrics)));
    expect(led.filter((count) => count > 0)).toEqual([midnight - first]);
    await expectExact(midnight + 1);
    await rollUps[led.findIndex((count) => count > 0)]?.stop();
    fixture.clock.now += hourMs;
    const moveOn = async () => {
      await Promise.all(rollUps.map((rollUp) => rollUp.run()));
      return fixture.watermark();
    };
    await expect.poll(moveOn, { timeout: 10_000 }).toBe(midnight + 1);
    await Promise.all(rollUps.map((rollUp) => rollUp.stop()));
    await expectExact(midnight + 1);
  });

  it("shows where the history ends before it can move anything, and no longer when another process leads", async () => {
    await open();
    const [process, other] = [await fixture.openProcess(), await fixture.openProcess()];
    const [rollUp, later] = [openRollUp(process), openRollUp(other)];
    await process.redis.close();
    await expect(rollUp.run()).rejects.toMatchObject({ code: "unavailable" });
    expect(await rolledUntil(process.metrics)).toBe(first * 3600);
    await fixture.postgres.query(loseLeader);
    // The server ends the session a moment after it was told to.
    await vi.waitFor(
      async () => {
        await later.run();
        expect(await rolledUntil(other.metrics)).toBe(first * 3600);
      },
      { timeout: 10_000 },
    );
    await rollUp.run();
    expect(await rolledUntil(process.metrics)).toBe(0);
    await Promise.all([rollUp.stop(), later.stop()]);
  });

  it("is fenced by the watermark, should two lead at once", async () => {
    await open();
    await fixture.record(makeEvents(3000, midnight + 1));
    const processes = [await fixture.openProcess(), await fixture.openProcess()];
    // Two databases' worth of leaders: each asks for a lock that nobody else takes.
    const text = (index: number) => `SELECT pg_try_advisory_lock(${index}, 99) AS elected`;
    for (const [index, process] of processes.entries()) {
      const { session } = process.postgres;
      process.postgres.session = async () => {
        const real = await session.call(process.postgres);
        const { query } = real;
        const lock = { name: `lock${index}`, text: text(index) };
        return {
          ...real,
          query: (statement, values) => query(/^try-/.test(statement.name) ? lock : statement, values),
        };
      };
    }
    fixture.clock.now = midnight * hourMs + dueMs;
    const rollUps = processes.map(openRollUp);
    await Promise.all(rollUps.map((rollUp) => rollUp.run()));
    const led = await Promise.all(processes.map(({ metrics }) => hoursMoved(metrics)));
    expect(led.reduce((sum, count) => sum + count, 0)).toBe(midnight - first);
    await Promise.all(rollUps.map((rollUp) => rollUp.stop()));
    await expectExact(midnight + 1);
  });

  it("survives a PostgreSQL that is killed in the middle", async () => {
    const server = await startPostgres();
    releases.push(() => server.stop());
    await createTemplate(server);
    await open({ databaseUrl: server.url.replace("///postgres?", "///posta_template?") });
    await fixture.record(makeEvents(20_000, midnight + 1));
    fixture.clock.now = midnight * hourMs + dueMs;
    const { running } = await startRun(first + 1);
    await server.kill();
    expect(await running).toMatchObject({ code: "unavailable" });
    await server.restart();
    await vi.waitFor(() => fixture.rollUp.run(), { timeout: 30_000, interval: 50 });
    expect(await fixture.watermark()).toBe(midnight);
    await expectExact(midnight + 1);
  });
});

/** A run that has closed hours beyond this one; it is begun again where a busy machine ends it before. */
async function startRun(beyond: number): Promise<{ running: Promise<unknown> }> {
  const isBeyond = async () => Number(await fixture.redis.client.get(fixture.keys.closed)) > beyond;
  for (;;) {
    let isOver = false;
    const running = fixture.rollUp
      .run()
      .catch((error) => error)
      .finally(() => {
        isOver = true;
      });
    while (!isOver && !(await isBeyond())) await new Promise(setImmediate);
    if (await isBeyond()) return { running };
  }
}

/** Lets a process die at the nth command that it sends to either store: before the store gets it, or before it answers. */
function crashAt(
  { redis, postgres }: Awaited<ReturnType<Fixture["openProcess"]>>,
  at: number,
  lost: "command" | "answer",
) {
  let left = at;
  let dead = false;
  async function step<Answer>(run: () => Promise<Answer>): Promise<Answer> {
    const last = left-- === 0;
    if (dead || (last && lost === "command")) {
      dead = true;
      throw new Error("the process died");
    }
    const answer = await run();
    if (!last && !dead) return answer;
    dead = true;
    throw new Error("the process died");
  }
  const { session } = postgres;
  postgres.session = async () => {
    const real = await session.call(postgres);
    return {
      ...real,
      query: (statement, values) => step(() => real.query(statement, values)),
      transaction: (work) =>
        step(() =>
          real.transaction((transaction) =>
            work({ ...transaction, query: (statement, values) => step(() => transaction.query(statement, values)) }),
          ),
        ),
    };
  };
  const { client } = redis;
  for (const name of ["set", "posta:close-hours", "posta:merge-uniquesBuffer"] as const) {
    const commands = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const command = commands[name] as (...args: unknown[]) => Promise<unknown>;
    commands[name] = (...args) => step(() => command.apply(client, args));
  }
  const pipeline = client.pipeline.bind(client);
  client.pipeline = (...args) => {
    const real = pipeline(...args);
    const exec = real.exec.bind(real);
    real.exec = () => step(() => exec()) as ReturnType<typeof exec>;
    return real;
  };
  return () => dead;
}

const loseLeader = {
  name: "lose-leader",
  text: `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
};

/** PostgreSQL gives up the lock of a dead process' session a moment later. */
async function untilNobodyLeads(): Promise<void> {
  const text = `SELECT FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  await expect.poll(() => fixture.postgres.query({ name: "who-leads", text }), { interval: 5 }).toEqual([]);
}

async function rolledUntil(metrics: Fixture["metrics"]): Promise<number | undefined> {
  const metric = await metrics.getSingleMetric("posta_analytics_rolled_until_timestamp_seconds")?.get();
  return metric?.values[0]?.value;
}

async function hoursMoved(metrics: Fixture["metrics"]): Promise<number> {
  const metric = await metrics.getSingleMetric("posta_analytics_roll_up_seconds")?.get();
  return (
    metric?.values.find((value) => "metricName" in value && String(value.metricName).endsWith("_count"))?.value ?? 0
  );
}
