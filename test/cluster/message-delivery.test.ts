import { describe, expect, inject, it } from "vitest";
import { createDeliveryFixture, sender } from "../message/delivery-fixture.js";
import { startCluster } from "../support/posta.js";
import { useReleases } from "../support/releases.js";

const releases = useReleases();

describe("delivery processes", () => {
  it("share the messages; one that is killed loses none, and none is sent twice that may not be", async () => {
    const { api, config, prefix, insert, count, stop, sql } = await createDeliveryFixture({ api: { latency: 50 } });
    releases.push(stop);
    const cluster = await startCluster({
      POSTA_QUEUE_REDIS_URL: inject("redisUrl"),
      POSTA_QUEUE_PREFIX: prefix,
      POSTA_DATABASE_URL: config.databaseUrl as string,
      POSTA_SERVERS: "1",
      POSTA_DELIVERIES: "2",
      POSTA_WHATSAPP_SENDERS: sender,
      POSTA_WHATSAPP_URL: api.url,
      POSTA_WHATSAPP_TOKEN: api.token,
      POSTA_WHATSAPP_RATE: "300",
      POSTA_WHATSAPP_TIMEOUT: "1s",
    });
    releases.push(() => cluster.stop());
    await expect.poll(async () => (await cluster.health()).status).toBe("OK");
    const once = await insert(Array.from({ length: 700 }, (_, index) => ({ to: `49151${10_000_000 + index}` })));
    const atLeastOnce = await insert(once.map((_, index) => ({ to: `49152${10_000_000 + index}`, resend: true })));
    await expect.poll(() => api.ledger.entries.length, { interval: 5 }).toBeGreaterThan(300);
    const { deliveries } = await cluster.health();
    process.kill(deliveries[0]?.pid as number, "SIGKILL");
    const isDone = async () => {
      const { accepted = 0, unknown = 0 } = await count();
      return accepted + unknown;
    };
    // Its jobs are taken up after 30 s, its messages by the sweep before that.
    await expect.poll(isDone, { timeout: 80_000, interval: 200 }).toBe(1400);
    const times = (id: string) => api.ledger.of(id).length;
    expect(once.filter((id) => times(id) > 1)).toEqual([]);
    expect(atLeastOnce.filter((id) => times(id) === 0)).toEqual([]);
    const unknown = await sql<{ id: string }>("SELECT id FROM messages WHERE status = 25");
    const notTaken = once.filter((id) => times(id) === 0);
    const known = new Set(unknown.map(({ id }) => id));
    expect(notTaken.filter((id) => !known.has(id))).toEqual([]);
    expect(unknown.filter(({ id }) => atLeastOnce.includes(id))).toEqual([]);
    expect(known.size).toBeLessThan(100);
  });
});
