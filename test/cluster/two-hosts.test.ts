import { describe, expect, inject, it } from "vitest";
import { TestClient } from "../support/client.js";
import { freshPrefix, startCluster, type TestCluster } from "../support/posta.js";
import { createDatabase } from "../support/postgres.js";
import { useReleases } from "../support/releases.js";
import { startWhatsApp } from "../support/whatsapp-server.js";

const releases = useReleases();
const [first, second] = ["100200301", "100200302"] as const;

/** Starts two hosts on the same stores, one after the other: the first one leads. */
async function startTwoHosts(one: Record<string, string>, other: Record<string, string>): Promise<TestCluster[]> {
  const database = await createDatabase();
  releases.push(() => database.drop());
  const shared = {
    POSTA_QUEUE_REDIS_URL: inject("redisUrl"),
    POSTA_QUEUE_PREFIX: freshPrefix(),
    POSTA_ANALYTICS_PREFIX: freshPrefix(),
    POSTA_DATABASE_URL: database.url,
    POSTA_SERVERS: "1",
  };
  const clusters: TestCluster[] = [];
  for (const own of [one, other]) {
    const cluster = await startCluster({ ...shared, ...own });
    releases.push(() => cluster.stop());
    await expect.poll(async () => (await cluster.health()).deliveries.map(({ serving }) => serving)).toEqual([true]);
    clusters.push(cluster);
  }
  return clusters;
}

async function settingsCheck(cluster: TestCluster) {
  return (await cluster.health()).checks.find(({ name }) => name === "settings");
}

describe("two hosts on the same stores", () => {
  it("send from a number that the host that leads does not know, and tell of the difference", async () => {
    const api = await startWhatsApp({ senders: [first, second] });
    releases.push(() => api.stop());
    const whatsapp = { POSTA_WHATSAPP_URL: api.url, POSTA_WHATSAPP_TOKEN: api.token };
    const [leader, follower] = await startTwoHosts(
      { ...whatsapp, POSTA_WHATSAPP_SENDERS: first },
      { ...whatsapp, POSTA_WHATSAPP_SENDERS: second },
    );
    const client = new TestClient(`127.0.0.1:${(follower as TestCluster).port}`);
    releases.push(() => client.close());
    const message = { from: second, to: "34600123456", text: { body: "hello" } };
    await client.call("posta.message.v1.MessageService", "SendMessage", { message });
    await expect.poll(() => api.ledger.entries.length, { timeout: 20_000 }).toBe(1);
    for (const host of [leader, follower] as TestCluster[]) {
      await expect
        .poll(() => settingsCheck(host), { timeout: 20_000 })
        .toMatchObject({
          status: "DEGRADED",
          detail: expect.stringMatching(/Hosts differ in POSTA_WHATSAPP_SENDERS: the log says how\.$/),
        });
      await host.untilOutput(/POSTA_WHATSAPP_SENDERS differs between hosts: /);
      const metrics = await (await fetch(`${host.adminUrl}/metrics`)).text();
      expect(metrics).toMatch(/^posta_settings_differ\{setting="POSTA_WHATSAPP_SENDERS"\} 1$/m);
    }
  });

  it("are well with equal settings, whatever the order of a list", async () => {
    const hosts = await startTwoHosts(
      { POSTA_WHATSAPP_SENDERS: `${first},${second}` },
      { POSTA_WHATSAPP_SENDERS: `${second},${first}` },
    );
    for (const host of hosts) {
      await expect
        .poll(() => settingsCheck(host), { timeout: 20_000 })
        .toMatchObject({ status: "OK", detail: "All hosts have equal settings." });
    }
  });
});
