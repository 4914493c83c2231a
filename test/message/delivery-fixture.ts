import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Redis } from "ioredis";
import { Registry } from "prom-client";
import { uuidv7 } from "uuidv7";
import { expect, inject } from "vitest";
import { TaskRunner } from "../../src/background/task-runner.js";
import { readConfig } from "../../src/config/config.js";
import { type StatusChange, statuses, statusOf } from "../../src/message/record/status.js";
import { listMessageTasks } from "../../src/process/background-tasks.js";
import { createMessageDelivery, type DeliveryTimes } from "../../src/process/create-delivery.js";
import { keepPartitions } from "../../src/process/retention.js";
import { openDatabase } from "../../src/store/postgres/store.js";
import { openQueueStore } from "../../src/store/redis/store.js";
import { createLog, type Logger } from "../../src/telemetry/log/log.js";
import { freshPrefix } from "../support/posta.js";
import { createDatabase } from "../support/postgres.js";
import { type Release, releaseAll } from "../support/releases.js";
import { startWhatsApp, type WhatsAppOptions } from "../support/whatsapp-server.js";

export const sender = "1234567890";
const log = createLog("test", "silent");
/** A delivery in which nothing changes for so long does not go on. */
const standstillMs = 30_000;

export interface DeliveryFixtureOptions {
  env?: Record<string, string>;
  api?: WhatsAppOptions;
  times?: Partial<DeliveryTimes>;
  redisUrl?: string;
  /** Of a database with all migrations; without one, the fixture's own. */
  databaseUrl?: string;
}

/** A message as a test wants it. */
export interface TestMessage {
  to?: string;
  text?: string;
  sender?: string;
  priority?: number;
  resend?: boolean;
  status?: keyof typeof statuses;
  /** When the message is due and came to its status: so many milliseconds ago. */
  ageMs?: number;
  expiresInMs?: number;
  /** Whether the mover has it behind it. */
  moved?: boolean;
}

/** Stores, a stand-in for the Cloud API, and any number of processes' deliveries on them. */
export async function createDeliveryFixture(options: DeliveryFixtureOptions = {}) {
  const releases: Release[] = [];
  const database = options.databaseUrl === undefined ? await createDatabase() : undefined;
  if (database) releases.push(() => database.drop());
  const api = await startWhatsApp(options.api);
  releases.push(() => api.stop());
  const redisUrl = options.redisUrl ?? inject("redisUrl");
  const prefix = freshPrefix();
  const config = readConfig({
    POSTA_QUEUE_REDIS_URL: redisUrl,
    POSTA_DATABASE_URL: options.databaseUrl ?? database?.url,
    POSTA_QUEUE_PREFIX: prefix,
    POSTA_WHATSAPP_SENDERS: sender,
    POSTA_WHATSAPP_URL: api.url,
    POSTA_WHATSAPP_TOKEN: api.token,
    // No request is given up, and no process taken for lost, because the machine is busy.
    POSTA_WHATSAPP_TIMEOUT: "20s",
    POSTA_WHATSAPP_RATE: "0",
    POSTA_WHATSAPP_PAIR_INTERVAL: "0s",
    ...options.env,
  });
  const postgres = openDatabase(config, log, { locksRows: true });
  releases.push(() => postgres.close());
  await keepPartitions(postgres, new Date());
  const redis = new Redis(redisUrl.replace("unix://", ""), { maxRetriesPerRequest: 0 });
  redis.on("error", () => {}); // Tests kill the Redis behind it.
  releases.push(async () => redis.disconnect());
  const changes: StatusChange[] = [];

  /** What a delivery process does, in this one. It works at once. */
  async function openProcess() {
    const warnings: unknown[] = [];
    const listening: Logger = Object.assign(Object.create(log), { warn: (text: unknown) => warnings.push(text) });
    const stores = { queue: openQueueStore(config, log), postgres: openDatabase(config, log), metrics: new Registry() };
    stores.queue.open();
    await once(stores.queue, "usable");
    const times = {
      settleGraceMs: 20_000,
      forgottenAfterMs: 60_000,
      breaker: { failures: 5, firstMs: 300, maxMs: 1000, stoppedMs: 1000 },
      ...options.times,
    };
    const publish = (told: readonly StatusChange[]) => void changes.push(...told);
    const parts = { ...stores, queueList: `${prefix}:queues`, publish, senders: () => config.senders, times };
    const delivery = await createMessageDelivery(config, parts, listening);
    const tasks = new TaskRunner(stores.postgres, listening);
    tasks.start(listMessageTasks(delivery.work));
    delivery.start();
    let stopping: Promise<void> | undefined;
    const stop = async () => {
      await Promise.all([tasks.stop(), delivery.stop()]);
      await stores.queue.close();
      await stores.postgres.close();
    };
    const handle = {
      ...stores,
      /** What it complained of. */
      warnings,
      stop() {
        stopping ??= stop();
        return stopping;
      },
    };
    releases.push(handle.stop);
    return handle;
  }

  async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return postgres.query<Row>({ name: "", text }, values);
  }

  /** Puts messages where a server puts them; answers their ids. */
  async function insert(messages: TestMessage[]): Promise<string[]> {
    const rows = messages.map((message) => ({ id: uuidv7(), ...toRow(message), ...message }));
    await sql(insertion, [JSON.stringify(rows.map((row) => ({ ...row, body: bodyOf(row.id, row) })))]);
    return rows.map(({ id }) => id);
  }

  /** How many messages there are of each status. */
  async function count(): Promise<Record<string, number>> {
    const rows = await sql<{ status: number; count: number }>("SELECT status, count(*) FROM messages GROUP BY status");
    return Object.fromEntries(rows.map(({ status, count }) => [statusOf(status), count]));
  }

  /** Tests kill the PostgreSQL behind it. */
  const tryToCount = () => count().catch(() => undefined);

  return {
    api,
    config,
    prefix,
    redis,
    changes,
    openProcess,
    sql,
    insert,
    count,
    /** Until the messages are spread over statuses like this, and no others. It waits as long as something changes. */
    async until(wanted: Record<string, number>): Promise<void> {
      let [counts, changedAt] = [await tryToCount(), performance.now()];
      while (!isDeepStrictEqual(counts, wanted) && performance.now() - changedAt < standstillMs) {
        await sleep(20);
        const before = counts;
        counts = await tryToCount();
        if (!isDeepStrictEqual(counts, before)) changedAt = performance.now();
      }
      expect(counts).toEqual(wanted);
    },
    /** Has the API answer nothing until the function is called that it answers. */
    holdAnswers(): () => void {
      let release = () => {};
      api.gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      return () => release();
    },
    /** The steps that a message took. */
    async history(id: string): Promise<string[]> {
      const text = "SELECT status FROM message_events WHERE message_id = $1 ORDER BY at, number";
      return (await sql<{ status: number }>(text, [id])).map(({ status }) => statusOf(status));
    },
    /** The texts that the API took, in order. */
    taken: () => api.ledger.entries.map(({ bizId }) => bizId),
    async outbox(): Promise<{ message_id: string; turn: number; moved_at: Date | null }[]> {
      return sql("SELECT * FROM outbox ORDER BY due_at, message_id");
    },
    async stop() {
      await releaseAll(releases);
    },
  };
}

export type DeliveryFixture = Awaited<ReturnType<typeof createDeliveryFixture>>;

function toRow({ status = "queued", ageMs = 0, expiresInMs, moved = false }: TestMessage) {
  return { status_number: statuses[status], age_ms: ageMs, expires_in_ms: expiresInMs ?? null, moved };
}

function bodyOf(id: string, { to = "4915112345678", text = "hello" }: TestMessage): string {
  const message = {
    messaging_product: "whatsapp",
    recipient_type: "individual",
    to,
    type: "text",
    text: { body: text },
  };
  return JSON.stringify({ ...message, biz_opaque_callback_data: id });
}

const insertion = `WITH input AS (
    SELECT *, now() - age_ms * interval '1 ms' AS at FROM json_to_recordset($1::json) AS r (id uuid, sender text, "to" text,
      body text, priority smallint, resend boolean, status_number smallint, age_ms float8, expires_in_ms float8, moved boolean)
  ), stored AS (
    INSERT INTO messages (id, sender, recipient, type, body, priority, resend, send_at, expires_at, status, status_at, attempts)
    SELECT id, coalesce(sender, '${sender}'), coalesce("to", '4915112345678'), 'text', body, coalesce(priority, 5),
      coalesce(resend, false), at, now() + expires_in_ms * interval '1 ms', status_number, at,
      CASE WHEN status_number > 10 THEN 1 ELSE 0 END FROM input
  ), queued AS (
    INSERT INTO outbox (message_id, sender, priority, due_at, moved_at)
    SELECT id, coalesce(sender, '${sender}'), coalesce(priority, 5), at, CASE WHEN moved THEN at END FROM input
  ), events AS (
    INSERT INTO message_events (message_id, status) SELECT id, 10 FROM input
  )
  SELECT pg_notify('posta_outbox', '')`;
