import type { Registry } from "prom-client";
import { describe, expect, inject, it } from "vitest";
import { readConfig } from "../../../src/config/config.js";
import { webhookQueue } from "../../../src/message/webhook/webhook-job.js";
import { createDelivery } from "../../../src/process/delivery.js";
import type { PostgresStore } from "../../../src/store/postgres/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { startServer } from "../../support/posta.js";
import { createDatabase, startPostgres } from "../../support/postgres.js";
import { startRedis } from "../../support/redis.js";
import { useReleases } from "../../support/releases.js";
import { openMessages, putMessages, readMessage } from "../messages.js";
import { postWebhook, sender, statusOf, textFrom, undeliverable, webhookOf } from "../webhook-bodies.js";

const log = createLog("test", "silent");
const secret = "an app's secret";
const slow = { interval: 100 };
const releases = useReleases();

/** A server, and what looks into its queue; deliveries are started by the tests. */
async function setup(databaseUrl: string, redisUrl = inject("redisUrl")) {
  const env = { POSTA_DATABASE_URL: databaseUrl, POSTA_WHATSAPP_APP_SECRET: secret };
  const posta = await startServer(redisUrl, env);
  releases.push(() => posta.stop());
  await posta.serving;
  const startDelivery = () => start(redisUrl, posta.config.queuePrefix, databaseUrl);
  const tell = async (body: object) => {
    const { status } = await postWebhook(posta.httpUrl, JSON.stringify(body), secret);
    expect(status).toBe(200);
  };
  const countsOf = async () => (await posta.client.queue("GetQueue", { queue: webhookQueue })).queue.counts;
  const untilWorkedOff = async () => {
    const left = async () => {
      const { waiting, active, delayed } = await countsOf();
      return Number(waiting) + Number(active) + Number(delayed);
    };
    await expect.poll(left, slow).toBe(0);
  };
  return { posta, startDelivery, tell, countsOf, untilWorkedOff };
}

/** One delivery process's work, in this one. */
async function start(redisUrl: string, prefix: string, databaseUrl: string) {
  const config = readConfig({
    POSTA_QUEUE_REDIS_URL: redisUrl,
    POSTA_QUEUE_PREFIX: prefix,
    POSTA_ANALYTICS_REDIS_URL: redisUrl,
    POSTA_ANALYTICS_PREFIX: `${prefix}a`,
    POSTA_DATABASE_URL: databaseUrl,
    POSTA_DATABASE_POOL: "5",
  });
  const { metrics, ...delivery } = await createDelivery(config, log, { onServing: () => {}, onUnfit: () => {} });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= delivery.stop());
  releases.push(stop);
  await delivery.start();
  return { metrics, stop };
}

/** The database, once it is migrated. */
async function openMigrated(url: string): Promise<PostgresStore> {
  let store: PostgresStore | undefined;
  const isOpen = async () => {
    store = await openMessages(url).catch(() => undefined);
    return store !== undefined;
  };
  await expect.poll(isOpen, slow).toBe(true);
  releases.push(() => store?.close());
  return store as PostgresStore;
}

async function freshDatabase(): Promise<string> {
  const { url, drop } = await createDatabase();
  releases.push(drop);
  return url;
}

const seconds = () => Math.floor(Date.now() / 1000);

/** Each step of each message as a body of its own, in a mixed order. */
function bodiesOf(ids: string[], steps: string[]): object[] {
  const bodies = ids.flatMap((id) =>
    steps.map((status) => {
      const errors = status === "failed" ? { errors: [undeliverable] } : {};
      return webhookOf({ statuses: [statusOf({ id, wamid: `wamid.${id}`, status, seconds: seconds(), ...errors })] });
    }),
  );
  // 7919 is prime: every body comes once.
  return bodies.map((_, index) => bodies[(index * 7919) % bodies.length] as object);
}

/** What the server counts of the last hour. */
async function countersOf({ client }: Awaited<ReturnType<typeof startServer>>, series: object[]): Promise<number[]> {
  const minute = Math.floor(seconds() / 60) * 60;
  const range = { start: { seconds: minute - 3600 }, end: { seconds: minute + 120 } };
  const { counters } = await client.call("posta.analytics.v1.AnalyticsService", "GetCounters", { series, ...range });
  return counters.map(({ events }: { events: number }) => Number(events));
}

async function metric(metrics: Registry, name: string, outcome: string): Promise<number> {
  const text = await metrics.getSingleMetricAsString(name);
  return Number(new RegExp(`outcome="${outcome}"} (\\d+)`).exec(text)?.[1] ?? 0);
}

describe("webhooks", () => {
  it("are applied by two deliveries, each step once, and counted once by the analytics", async () => {
    const url = await freshDatabase();
    const { posta, startDelivery, tell, untilWorkedOff } = await setup(url);
    const store = await openMigrated(url);
    const ids = await putMessages(store, 40, "accepted");
    const deliveries = [await startDelivery(), await startDelivery()];
    const bodies = bodiesOf(ids, ["sent", "delivered", "read"]);
    const inbound = [1, 2, 3].map((n) =>
      webhookOf({ messages: [textFrom("4915199999999", `wamid.in${n}`, seconds())] }),
    );
    // Again in other words: the queue takes them for new ones.
    const all = [...bodies, ...inbound].flatMap((body) => [body, body, { ...body, again: true }]);
    await Promise.all(all.map(tell));
    await untilWorkedOff();
    for (const id of ids) {
      const { status, steps, outbox } = await readMessage(store, id);
      expect([status, steps, outbox]).toEqual(["read", ["sent", "delivered", "read"], 0]);
    }
    const applied = await Promise.all(
      deliveries.map(({ metrics }) => metric(metrics, "posta_webhook_bodies_total", "applied")),
    );
    expect((applied[0] as number) + (applied[1] as number)).toBe((bodies.length + inbound.length) * 2);
    const names = ["sent", "delivered", "read", "inbound", "failed"];
    const series = [
      ...names.map((name) => ({ name: `whatsapp.${name}` })),
      { name: "whatsapp.read", dimension: "sender", value: sender },
      { name: "whatsapp.read", dimension: "type", value: "text" },
    ];
    await expect.poll(() => countersOf(posta, series), slow).toEqual([40, 40, 40, 3, 0, 40, 40]);
  });

  it("may hold messages and statuses of kinds that nobody knows yet: each is kept and counted", async () => {
    const url = await freshDatabase();
    const { posta, startDelivery, tell, countsOf, untilWorkedOff } = await setup(url);
    const store = await openMigrated(url);
    const [id = ""] = await putMessages(store, 1, "accepted");
    const { metrics } = await startDelivery();
    const system = { type: "user_changed_user_id", user_id: "MX.0987654321", previous_user_id: "MX.1" };
    const messages = [
      { id: "wamid.system", timestamp: String(seconds()), type: "system", system },
      { timestamp: Date.now(), type: { of: "another type" } },
      textFrom("4915199999999", "wamid.usual", seconds()),
    ];
    const of = (status: string) => statusOf({ id, wamid: `wamid.${id}`, status, seconds: seconds() });
    await tell(webhookOf({ messages, statuses: [of("played"), { ...of("read"), timestamp: null, errors: {} }] }));
    await tell({ object: "whatsapp_business_account", entry: [{ changes: [{ field: "account_update", value: 1 }] }] });
    await untilWorkedOff();
    expect([Number((await countsOf()).failed), (await readMessage(store, id)).status]).toEqual([0, "read"]);
    const text = "SELECT contact, body FROM inbound_messages WHERE wamid NOT LIKE 'other-%' ORDER BY wamid";
    const read = { name: "read-inbound", text };
    const rows = await store.query<{ contact: string; body: string }>(read, []);
    expect(rows.map(({ contact }) => contact)).toEqual(["unknown", "MX.0987654321", "4915199999999"]);
    expect(rows.map(({ body }) => JSON.parse(body))).toEqual([messages[1], messages[0], messages[2]]);
    const other = (value: string) => ({ name: "whatsapp.other", dimension: "type", value });
    const series = [
      { name: "whatsapp.inbound" },
      { name: "whatsapp.inbound", dimension: "type", value: "system" },
      other("status.played"),
      other("field.account_update"),
    ];
    await expect.poll(() => countersOf(posta, series), slow).toEqual([3, 1, 1, 1]);
    expect(await metrics.getSingleMetricAsString("posta_analytics_lost_own_events_total")).toMatch(/_total 0$/m);
  });

  it("outlive PostgreSQL's death while they are applied", async () => {
    const postgres = await startPostgres({ max_connections: "60" });
    releases.push(() => postgres.stop());
    const { startDelivery, tell, countsOf, untilWorkedOff } = await setup(postgres.url);
    const { metrics } = await startDelivery();
    const store = await openMigrated(postgres.url);
    const ids = await putMessages(store, 100, "accepted");
    const bodies = bodiesOf(ids, ["sent", "delivered", "read", "failed"]);
    const telling = Promise.all(bodies.map(tell));
    await expect.poll(() => metric(metrics, "posta_webhook_bodies_total", "applied")).toBeGreaterThan(20);
    await postgres.kill();
    await telling;
    await postgres.restart();
    await untilWorkedOff();
    expect(Number((await countsOf()).failed)).toBe(0);
    expect(await metric(metrics, "posta_webhook_bodies_total", "failed")).toBe(0);
    for (const id of ids) {
      const { status, steps } = await readMessage(store, id);
      expect([status, steps]).toEqual(["read", ["sent", "failed", "delivered", "read"]]);
    }
  });

  it("wait while PostgreSQL is down, and wait for a delivery", async () => {
    const postgres = await startPostgres({ max_connections: "60" });
    releases.push(() => postgres.stop());
    const { startDelivery, tell, countsOf, untilWorkedOff } = await setup(postgres.url);
    const first = await startDelivery();
    const store = await openMigrated(postgres.url);
    const ids = await putMessages(store, 20, "unknown");
    await first.stop();
    await Promise.all(bodiesOf(ids.slice(0, 10), ["delivered"]).map(tell));
    await postgres.kill();
    await startDelivery();
    await Promise.all(bodiesOf(ids.slice(10), ["delivered"]).map(tell));
    expect(Number((await countsOf()).waiting)).toBe(20);
    await postgres.restart();
    await untilWorkedOff();
    await expect.poll(() => store.usable).toBe(true); // The test's own connections, too.
    for (const id of ids) expect((await readMessage(store, id)).status).toBe("delivered");
  });

  it("that are none are kept beside what people write, and do not fail", async () => {
    const url = await freshDatabase();
    const { startDelivery, tell, countsOf, untilWorkedOff } = await setup(url);
    const { metrics } = await startDelivery();
    const store = await openMigrated(url);
    const bodies = [{ object: "page", entries: [] }, [], {}, "text", null, 7];
    for (const body of bodies) await tell(body as object);
    await untilWorkedOff();
    expect(Number((await countsOf()).failed)).toBe(0);
    expect(await metric(metrics, "posta_webhook_bodies_total", "applied")).toBe(bodies.length);
    const read = { name: "read-bodies", text: "SELECT wamid, body FROM inbound_messages" };
    const rows = await store.query<{ wamid: string; body: string }>(read, []);
    expect(rows.map(({ body }) => body).sort()).toEqual(bodies.map((body) => JSON.stringify(body)).sort());
    for (const { wamid } of rows) expect(wamid).toMatch(/^other-malformed\.body-/);
  });

  it("are left by a delivery that is stopped while Redis is down, without waiting for it", async () => {
    const redis = await startRedis();
    releases.push(() => redis.stop());
    const url = await freshDatabase();
    const { startDelivery, tell, untilWorkedOff } = await setup(url, redis.url);
    const store = await openMigrated(url);
    const [id = ""] = await putMessages(store, 1, "accepted");
    const first = await startDelivery();
    await tell(bodiesOf([id], ["sent"])[0] as object);
    await untilWorkedOff();
    await redis.kill();
    const begun = performance.now();
    await first.stop();
    expect(performance.now() - begun).toBeLessThan(15_000); // The time to drain is 20 s.
    await redis.restart();
    await startDelivery();
    await expect
      .poll(
        () =>
          tell(bodiesOf([id], ["read"])[0] as object).then(
            () => true,
            () => false,
          ),
        slow,
      )
      .toBe(true);
    // A webhook that came before Redis was there is in the spool, where the queue's counts do not show it.
    await expect.poll(async () => (await readMessage(store, id)).status, slow).toBe("read");
  });
});
