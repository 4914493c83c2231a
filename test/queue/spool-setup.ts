import { type Job, Worker } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { expect, onTestFinished } from "vitest";
import { createDelivery } from "../../src/process/delivery.js";
import { createLog, type Logger } from "../../src/telemetry/log/log.js";
import { startServer } from "../support/posta.js";
import { createDatabase, startPostgres, type TestPostgres } from "../support/postgres.js";
import { startRedis } from "../support/redis.js";
import { type Release, releaseAll } from "../support/releases.js";

export const code = { alreadyExists: 6, resourceExhausted: 8, invalidArgument: 3, unavailable: 14 };

/** Whether all that was put into the spool is in its queues. */
interface SpoolCounts {
  waiting: number;
  moved: number;
}

/**
 * A server on a Redis and a database of its own, and the means to look into both. A delivery process, in this process, is
 * started when a test says so.
 */
export async function setup({ env = {}, postgres }: { env?: Record<string, string>; postgres?: TestPostgres } = {}) {
  const releases: Release[] = [];
  const release = async () => {
    await releaseAll(releases);
  };
  const redis = await startRedis();
  releases.push(() => redis.stop());
  const database = postgres ? { url: postgres.url, drop: () => {} } : await createDatabase();
  releases.push(() => database.drop());
  const posta = await startServer(redis.url, { POSTA_DATABASE_URL: database.url, ...env });
  releases.push(() => posta.stop());
  await posta.serving;
  const inspector = new Redis({ path: redis.socket, retryStrategy: () => 20 });
  inspector.on("error", () => {}); // Tests kill the Redis behind it.
  releases.push(() => inspector.disconnect());
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  pool.on("error", () => {});
  releases.push(() => pool.end());
  const { client, prefix, config } = posta;
  // The server knows its PostgreSQL only when that has answered.
  await expect.poll(async () => (await pool.query("SELECT 1")).rowCount).toBe(1);

  async function startDelivery() {
    const warnings: object[] = [];
    const log: Logger = Object.assign(createLog("test", "silent"), { warn: (line: object) => warnings.push(line) });
    let serving = false;
    const events = { onServing: (is: boolean) => (serving = is), onUnfit: () => {} };
    const delivery = await createDelivery(config, log, events);
    await delivery.start();
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= delivery.stop();
      return stopped;
    };
    releases.push(stop);
    return { metrics: delivery.metrics, warnings, stop, isServing: () => serving };
  }

  /** The ids of the jobs in line, the first one first. */
  const waitingIds = async (queue: string) => (await inspector.lrange(`${prefix}:${queue}:wait`, 0, -1)).reverse();

  return {
    posta,
    client,
    redis,
    database,
    inspector,
    pool,
    prefix,
    release,
    startDelivery,
    waitingIds,
    /** Ends Redis, and resolves when the server knows. */
    async loseRedis(): Promise<void> {
      await redis.kill();
      await expect.poll(() => statusOf(posta.client, "GetQueue"), { interval: 20 }).toBe(code.unavailable);
    },
    add: (queue: string, job: object, requestId?: string) =>
      client.queue(
        "AddJob",
        { queue, job: { name: "n", ...job } },
        requestId === undefined ? {} : { metadata: { "x-request-id": requestId } },
      ),
    /** The names of jobs in line, the first one first. */
    async waitingNames(queue: string): Promise<(string | null)[]> {
      const ids = await waitingIds(queue);
      return Promise.all(ids.map((id) => inspector.hget(`${prefix}:${queue}:${id}`, "name")));
    },
    async counts(): Promise<SpoolCounts> {
      const { rows } = await pool.query(
        "SELECT count(*) FILTER (WHERE moved_at IS NULL)::int AS waiting, count(moved_at)::int AS moved FROM spool",
      );
      return rows[0];
    },
  };
}

export type Bundle = Awaited<ReturnType<typeof setup>>;

/** The same for the test that runs, released at its end. */
export async function start(): Promise<Bundle> {
  const bundle = await setup();
  onTestFinished(bundle.release);
  return bundle;
}

/** A worker of BullMQ on a queue, until the test that runs ends. */
export function work({ redis, prefix }: Bundle, queue: string, process: (job: Job) => Promise<unknown>): Worker {
  const connection = { path: redis.socket, maxRetriesPerRequest: null };
  const worker = new Worker(queue, process, { connection, prefix });
  onTestFinished(() => worker.close());
  return worker;
}

async function statusOf(client: Bundle["client"], method: string): Promise<number> {
  return client.queue(method, { queue: "q" }).then(
    () => 0,
    (error) => error.code,
  );
}

/** Resolves when nothing waits in the spool. */
export async function untilDrained({ counts }: Pick<Bundle, "counts">): Promise<void> {
  await expect.poll(async () => (await counts()).waiting, { interval: 20 }).toBe(0);
}

/** Puts all dead letters back, as RedriveMessages does. */
export async function redrive({ pool }: Pick<Bundle, "pool">): Promise<void> {
  await pool.query(`INSERT INTO spool (queue, job_id, name, data, options, redrive)
    SELECT source, ref, options::json->>'name', content, options, true FROM dead_letters`);
  await pool.query("NOTIFY posta_spool");
}

/** A PostgreSQL with Posta's tables in its database "postgres". */
export async function startMigratedPostgres(): Promise<TestPostgres> {
  const { migrate } = await import("../../src/store/postgres/apply-migrations.js");
  const { openDatabase } = await import("../../src/store/postgres/store.js");
  const { readConfig } = await import("../../src/config/config.js");
  const postgres = await startPostgres();
  const log = createLog("test", "silent");
  const store = openDatabase(readConfig({ POSTA_DATABASE_URL: postgres.url }), log);
  await migrate(store, log).finally(() => store.close());
  return postgres;
}
