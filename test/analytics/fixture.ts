import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Registry } from "prom-client";
import { inject } from "vitest";
import { createReads, createRollUp, type Stores } from "../../src/analytics/create-analytics.js";
import { Keys } from "../../src/analytics/hot/keys.js";
import { Leader } from "../../src/background/leader.js";
import { PostgresStore } from "../../src/store/postgres/store.js";
import { RedisStore } from "../../src/store/redis/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { createDatabase } from "../support/postgres.js";
import { type Release, releaseAll } from "../support/releases.js";
import { createRecorder, Model } from "./model.js";

const hourMs = 3_600_000;
const limits = { maxAgeMs: hourMs, maxLeadMs: 300_000, hotMs: 48 * hourMs };
const log = createLog("test", "silent");

export interface FixtureOptions {
  /** The first hour that is not in the history. */
  watermark: number;
  redisUrl?: string;
  /** Of a database with all migrations; without one, the fixture's own. */
  databaseUrl?: string;
}

/** The reads and the roll-up on real stores, with a clock that the test sets. */
export async function createFixture({ watermark, redisUrl = inject("redisUrl"), databaseUrl }: FixtureOptions) {
  const releases: Release[] = [];
  const database = databaseUrl === undefined ? await createDatabase() : undefined;
  if (database) releases.push(() => database.drop());
  const url = databaseUrl ?? (database?.url as string);
  const keys = new Keys(`t${randomBytes(6).toString("hex")}`);
  const clock = { now: (watermark + 1) * hourMs };
  const now = () => clock.now;

  /** The stores of one process. */
  async function openProcess(): Promise<Stores> {
    const postgres = new PostgresStore({ url, variable: "POSTA_DATABASE_URL", max: 4, timeoutMs: 5000 }, log);
    releases.push(() => postgres.close());
    const redis = await openAnalyticsRedis(redisUrl);
    releases.push(() => redis.close());
    const metrics = new Registry();
    return { postgres, redis, keys, metrics, now };
  }

  const stores = await openProcess();
  await stores.postgres.query(
    {
      name: "set-watermark",
      text: "UPDATE analytics_rollup SET rolled_until = $1, days_until = date_trunc('day', $1, 'UTC')",
    },
    [new Date(watermark * hourMs)],
  );
  const model = new Model();
  const rollUp = openRollUp(stores);
  releases.push(() => rollUp.stop());
  return {
    ...stores,
    databaseUrl: url,
    model,
    clock,
    openProcess,
    reads: createReads(stores, limits),
    rollUp,
    record: createRecorder(stores.redis, keys, model),
    /** Sets the clock so that all hours before this one are due, and moves them. */
    async rollUntil(hour: number) {
      clock.now = hour * hourMs + limits.maxAgeMs + 121_000;
      await rollUp.run();
    },
    async watermark(): Promise<number> {
      const statement = { name: "watermark", text: "SELECT rolled_until FROM analytics_rollup" };
      const [row] = await stores.postgres.query<{ rolled_until: Date }>(statement);
      return Number(row?.rolled_until) / hourMs;
    },
    async stop() {
      await releaseAll(releases);
    },
  };
}

export type Fixture = Awaited<ReturnType<typeof createFixture>>;

/** A connection to a Redis as a process has it. */
export async function openAnalyticsRedis(url: string): Promise<RedisStore> {
  const [variable, name] = ["POSTA_ANALYTICS_REDIS_URL", "the analytics store"] as const;
  const redis = new RedisStore({ url, variable, name, prefix: "p", timeoutMs: 3000, durable: false }, log);
  redis.open();
  await once(redis, "usable");
  return redis;
}

/** The roll-up of one process, which runs when the test says so, if the process leads then. */
export function openRollUp(stores: Stores) {
  const work = createRollUp(stores, limits);
  const leader = new Leader(stores.postgres, "rollUp");
  const stopping = new AbortController();
  return {
    async run(): Promise<void> {
      if (stopping.signal.aborted) return;
      const session = await leader.lead();
      if (session) await work.run(session, stopping.signal);
      else work.follow();
    },
    async stop(): Promise<void> {
      stopping.abort();
      await leader.resign();
    },
  };
}

/** The reads of one process. */
export function openReads(stores: Stores) {
  return createReads(stores, limits);
}

/** Numbers that look random and are the same in each run. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
