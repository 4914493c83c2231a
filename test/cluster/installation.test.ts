import { describe, expect, inject, it } from "vitest";
import { TestClient } from "../support/client.js";
import { freshPrefix, startCluster, type TestCluster } from "../support/posta.js";
import { createDatabase, runSql } from "../support/postgres.js";
import { useReleases } from "../support/releases.js";

const releases = useReleases();

async function start(env: Record<string, string>, ready = true): Promise<TestCluster> {
  const cluster = await startCluster({ POSTA_SERVERS: "1", ...env }, { ready });
  releases.push(() => cluster.stop());
  return cluster;
}

async function ownDatabase(): Promise<string> {
  const { url, drop } = await createDatabase();
  releases.push(drop);
  return url;
}

async function untilWorks(cluster: TestCluster): Promise<void> {
  await expect.poll(async () => (await cluster.health()).deliveries.map(({ serving }) => serving)).toEqual([true]);
}

describe("hosts whose stores do not belong together", () => {
  it("a second host with a Redis of its own is refused, and takes no job from the first host's spool", async () => {
    const database = await ownDatabase();
    const shared = { POSTA_DATABASE_URL: database, POSTA_QUEUE_PREFIX: freshPrefix() };
    const first = await start({ ...shared, POSTA_QUEUE_REDIS_URL: inject("redisUrl") });
    await untilWorks(first);
    await expect
      .poll(() => runSql(database, "SELECT queue_seen_at IS NOT NULL AS seen FROM installation"))
      .toEqual([{ seen: true }]);
    const second = await start({ ...shared, POSTA_EMBEDDED: "missing" }, false);
    const client = new TestClient(`127.0.0.1:${first.port}`);
    releases.push(() => client.close());
    let added = 0;
    const adding = setInterval(() => {
      const job = { name: "n", options: { durable: true } };
      void client.queue("AddJob", { queue: "q", job }).then(() => (added += 1));
    }, 50);
    const ended = await second.ended;
    clearInterval(adding);
    expect(ended).toEqual([78, null]);
    expect(second.output()).toMatch(/POSTA_QUEUE_REDIS_URL: installation \S+ of the database .* in another Redis/);
    const missing = async () => added - (await client.queue("GetQueue", { queue: "q" })).queue.counts.waiting;
    await expect.poll(missing).toBe(0);
    expect(added).toBeGreaterThan(20);
  });

  it("a second host with a database of its own is refused", async () => {
    const shared = { POSTA_QUEUE_REDIS_URL: inject("redisUrl"), POSTA_QUEUE_PREFIX: freshPrefix() };
    const first = await start({ ...shared, POSTA_DATABASE_URL: await ownDatabase() });
    await untilWorks(first);
    const other = await ownDatabase();
    await runSql(other, "UPDATE installation SET id = gen_random_uuid()");
    const second = await start({ ...shared, POSTA_DATABASE_URL: other }, false);
    expect(await second.ended).toEqual([78, null]);
    expect(second.output()).toMatch(
      /POSTA_QUEUE_REDIS_URL: the keys ".*:\*" of this Redis belong to installation \S+, and/,
    );
  });
});

describe("private stores", () => {
  it("are refused beside external ones, unless they are asked for", async () => {
    const cluster = await start({ POSTA_DATABASE_URL: await ownDatabase() }, false);
    expect(await cluster.ended).toEqual([78, null]);
    expect(cluster.output()).toContain(
      "POSTA_QUEUE_REDIS_URL, POSTA_ANALYTICS_REDIS_URL: not set, while another store has an address; give each an address, or set POSTA_EMBEDDED=missing",
    );
  });

  it("are never started where POSTA_EMBEDDED is never", async () => {
    const cluster = await start({ POSTA_EMBEDDED: "never" }, false);
    expect(await cluster.ended).toEqual([78, null]);
    expect(cluster.output()).toContain(
      "POSTA_DATABASE_URL: not set, and POSTA_EMBEDDED is never; give each an address",
    );
  });
});
