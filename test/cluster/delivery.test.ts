import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { TestClient } from "../support/client.js";
import { freshPrefix, isAlive, startCluster, type TestCluster } from "../support/posta.js";
import { createDatabase, startPostgres } from "../support/postgres.js";
import { startRedis } from "../support/redis.js";
import { useReleases } from "../support/releases.js";

const releases = useReleases();

/** On shared stores, unless `env` names others. */
async function start(env: Record<string, string> = {}): Promise<TestCluster> {
  const cluster = await startCluster({
    POSTA_QUEUE_REDIS_URL: inject("redisUrl"),
    POSTA_QUEUE_PREFIX: freshPrefix(),
    POSTA_SERVERS: "1",
    ...env,
  });
  releases.push(() => cluster.stop());
  return cluster;
}

async function untilStatus(cluster: TestCluster, status: string): Promise<void> {
  await expect.poll(async () => (await cluster.health()).status).toBe(status);
}

async function deliveryPid(cluster: TestCluster): Promise<number | undefined> {
  return (await cluster.health()).deliveries.find(({ serving }) => serving)?.pid;
}

async function addJob({ port }: TestCluster): Promise<string> {
  const client = new TestClient(`127.0.0.1:${port}`);
  const { outcome } = await client.queue("AddJob", { queue: "q", job: { name: "n" } }).finally(() => client.close());
  return outcome;
}

async function statusOf(cluster: TestCluster, path: string): Promise<number> {
  return (await fetch(`${cluster.adminUrl}${path}`)).status;
}

async function metric(cluster: TestCluster, name: string): Promise<number> {
  const text = await (await fetch(`${cluster.adminUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

describe("the delivery process", () => {
  it("migrates the database and makes its partitions", async () => {
    const database = await createDatabase({ migrated: false });
    releases.push(() => database.drop());
    await untilStatus(await start({ POSTA_DATABASE_URL: database.url }), "OK");
    const client = new pg.Client(database.url);
    await client.connect();
    const { rows } = await client.query("SELECT count(*)::int AS count FROM pg_inherits").finally(() => client.end());
    expect(rows[0].count).toBeGreaterThanOrEqual(4); // And the same of their indexes.
  });

  it("is replaced when it is killed, and the servers are not", async () => {
    const cluster = await start();
    await untilStatus(cluster, "OK");
    const servers = await cluster.serverPids();
    const victim = (await deliveryPid(cluster)) as number;
    process.kill(victim, "SIGKILL");
    await cluster.untilOutput(new RegExp(`delivery ${victim} ended with SIGKILL; starting another`));
    await expect.poll(() => deliveryPid(cluster)).toEqual(expect.any(Number));
    expect(await deliveryPid(cluster)).not.toBe(victim);
    expect(await cluster.serverPids()).toEqual(servers);
    expect(await metric(cluster, "posta_deliveries_serving")).toBe(1);
    expect(await metric(cluster, "posta_delivery_restarts")).toBe(1);
    expect(await metric(cluster, "posta_server_restarts")).toBe(0);
  });

  it("is replaced by SIGHUP, and ends on SIGTERM", async () => {
    const cluster = await start();
    await untilStatus(cluster, "OK");
    const first = (await deliveryPid(cluster)) as number;
    cluster.process.kill("SIGHUP");
    await cluster.untilOutput(/rolling restart: done \(delivery processes\)/);
    const second = (await deliveryPid(cluster)) as number;
    expect(second).not.toBe(first);
    expect(isAlive(first)).toBe(false);
    cluster.process.kill("SIGTERM");
    expect(await cluster.ended).toEqual([0, null]);
    expect(isAlive(second)).toBe(false);
  });

  it("may be another Posta's, which is then seen to work, or to be missed", async () => {
    const cluster = await start({ POSTA_DELIVERIES: "0", POSTA_QUEUE_PREFIX: "beat" });
    const delivery = async () => {
      const { checks } = await cluster.health();
      return checks.find(({ name }) => name === "delivery")?.status;
    };
    await expect.poll(delivery).toBe("DOWN");
    expect(await cluster.health()).toMatchObject({ status: "DEGRADED", deliveries: [] });
    const other = await start({ POSTA_QUEUE_PREFIX: "beat" });
    await expect.poll(delivery).toBe("OK");
    await expect.poll(async () => (await cluster.health()).status).toBe("OK");
    await other.stop();
    await expect.poll(delivery).toBe("DOWN");
  });

  it("ends the start where its settings are unfit", async () => {
    const settings = { POSTA_QUEUE_REDIS_URL: inject("redisUrl"), POSTA_ANALYTICS_REDIS_URL: "http://127.0.0.1" };
    const cluster = await startCluster(settings, { ready: false });
    releases.push(() => cluster.stop());
    expect(await cluster.ended).toEqual([78, null]);
    expect(cluster.output()).toMatch(/^posta: POSTA_ANALYTICS_REDIS_URL: is not a Redis address/m);
  });
});

describe("jobs are taken", () => {
  it("while PostgreSQL is down, at the start and later", async () => {
    const postgres = await startPostgres();
    releases.push(() => postgres.stop());
    await postgres.kill();
    const cluster = await start({ POSTA_DATABASE_URL: postgres.url });
    await untilStatus(cluster, "DEGRADED");
    expect(await addJob(cluster)).toBe("OUTCOME_ADDED");
    expect(await statusOf(cluster, "/readyz")).toBe(200);
    expect(await statusOf(cluster, "/healthz")).toBe(200); // DEGRADED is no failure.
    await postgres.restart();
    await untilStatus(cluster, "OK");
    const delivery = await deliveryPid(cluster);
    await postgres.kill();
    await untilStatus(cluster, "DEGRADED");
    expect(await addJob(cluster)).toBe("OUTCOME_ADDED");
    await postgres.restart();
    await untilStatus(cluster, "OK");
    expect(await deliveryPid(cluster)).toBe(delivery);
  });

  it("while the analytics Redis is down", async () => {
    const redis = await startRedis({ appendonly: "no", "maxmemory-policy": "allkeys-lru" });
    releases.push(() => redis.stop());
    await redis.kill();
    const cluster = await start({ POSTA_ANALYTICS_REDIS_URL: redis.url });
    await cluster.untilOutput(/POSTA_ANALYTICS_REDIS_URL: Redis cannot be reached/);
    expect(await addJob(cluster)).toBe("OUTCOME_ADDED");
    await untilStatus(cluster, "DEGRADED");
    // What it waits for is the roll-up alone.
    const checks = async () => {
      const { checks } = (await cluster.health()) as unknown as { checks: { name: string; status: string }[] };
      return Object.fromEntries(checks.map(({ name, status }) => [name, status]));
    };
    await expect
      .poll(checks)
      .toMatchObject({ "redis-analytics": "DOWN", "redis-queue": "OK", postgres: "OK", delivery: "OK" });
    expect(await metric(cluster, "posta_deliveries_serving")).toBe(1);
    await redis.restart();
    await untilStatus(cluster, "OK");
  });

  it("while the database is one of a newer Posta that took away what this one uses", async () => {
    const database = await createDatabase();
    releases.push(() => database.drop());
    const client = new pg.Client(database.url);
    await client.connect();
    releases.push(() => client.end());
    await client.query("ALTER TABLE posta_migrations ADD COLUMN IF NOT EXISTS safe_from integer NOT NULL DEFAULT 0");
    await client.query("INSERT INTO posta_migrations (number, name, safe_from) VALUES (99, 'later', 98)");
    const cluster = await start({ POSTA_DATABASE_URL: database.url });
    await cluster.untilOutput(/POSTA_DATABASE_URL: the database is at migration 99, which took away/);
    expect(await addJob(cluster)).toBe("OUTCOME_ADDED");
    expect(await cluster.health()).toMatchObject({ status: "DEGRADED" });
    // One that took nothing away is as good as this one's own.
    await client.query("UPDATE posta_migrations SET safe_from = 0");
    await untilStatus(cluster, "OK");
    await cluster.untilOutput(/PostgreSQL is at migration 99, from a newer Posta. This Posta knows \d+ and continues/);
  });
});
