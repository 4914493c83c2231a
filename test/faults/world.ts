import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect } from "vitest";
import { TestClient } from "../support/client.js";
import { freePort, freshPrefix, startCluster, type TestCluster } from "../support/posta.js";
import { startPostgres } from "../support/postgres.js";
import { startRedis } from "../support/redis.js";
import { startWhatsApp } from "../support/whatsapp-server.js";
import type { Plan, Strike } from "./plan.js";

export const senders = ["100000000000001", "100000000000002"] as const;

/** The API fails one request in four: half of those after it took the message. */
const apiFaults = [
  { fault: { kind: "reset-unread" }, share: 0.04 },
  { fault: { kind: "reset-taken" }, share: 0.05 },
  { fault: { kind: "half-answer" }, share: 0.03 },
  { fault: { kind: "no-answer" }, share: 0.03 },
  { fault: { kind: "swallow" }, share: 0.02 },
  { fault: { kind: "http", status: 503 }, share: 0.04 },
  { fault: { kind: "error", code: 131000 }, share: 0.04 },
] as const;

const statuses = { sentMs: 10, deliveredMs: 40, readMs: 120, duplicateShare: 0.3, shuffleShare: 0.4, skipShare: 0.2 };

/** A cluster with stores of its own and the stand-in, which can all be struck. */
export type World = Awaited<ReturnType<typeof createWorld>>;

export async function createWorld(plan: Plan, releases: (() => unknown)[]) {
  const redis = await startRedis();
  releases.push(() => redis.stop());
  const postgres = await startPostgres();
  releases.push(() => postgres.stop());
  const [port, httpPort, adminPort] = [await freePort(), await freePort(), await freePort()];
  const [secret, token] = ["app-secret", "EAAfaults"];
  const webhook = { url: `http://127.0.0.1:${httpPort}/webhooks/whatsapp`, secret };
  const whatsapp = await startWhatsApp({ senders: [...senders], token, webhook, statuses, seed: plan.seed });
  releases.push(() => whatsapp.stop());
  whatsapp.faults.setRates([...apiFaults]);
  const env = {
    POSTA_QUEUE_REDIS_URL: redis.url,
    POSTA_DATABASE_URL: postgres.url,
    POSTA_ANALYTICS_PREFIX: freshPrefix(),
    POSTA_GRPC_PORT: String(port),
    POSTA_HTTP_PORT: String(httpPort),
    POSTA_ADMIN_PORT: String(adminPort),
    POSTA_LOG_LEVEL: "silent",
    POSTA_WHATSAPP_URL: whatsapp.url,
    POSTA_WHATSAPP_TOKEN: token,
    POSTA_WHATSAPP_SENDERS: senders.join(","),
    POSTA_WHATSAPP_APP_SECRET: secret,
    POSTA_WHATSAPP_RATE: "300",
    POSTA_WHATSAPP_PAIR_INTERVAL: "200ms",
    POSTA_WHATSAPP_PAIR_BURST: "10",
    POSTA_WHATSAPP_TIMEOUT: "1s",
    POSTA_MESSAGE_ATTEMPTS: "50",
  };
  let cluster = await startCluster(env);
  releases.push(() => cluster.stop());
  const client = new TestClient(`127.0.0.1:${port}`);
  releases.push(() => client.close());
  const timeline: string[] = [];

  /** On the same ports: what the last one left has to drain first. */
  async function startAgain(): Promise<TestCluster> {
    for (;;) {
      const started = await startCluster(env).catch(() => undefined);
      if (started) return started;
      await sleep(100);
    }
  }

  const strikes: Record<Strike, () => Promise<void>> = {
    delivery: async () => killOne((await cluster.health()).deliveries),
    server: async () => killOne((await cluster.health()).servers),
    primary: async () => {
      cluster.process.kill("SIGKILL");
      await cluster.ended;
      cluster = await startAgain();
    },
    "queue redis": () => redis.restart(),
    postgresql: () => postgres.restart(),
  };

  function killOne(children: { pid: number }[]): void {
    const victim = children[Math.floor(plan.random() * children.length)];
    if (victim) process.kill(victim.pid, "SIGKILL");
  }

  return {
    client,
    whatsapp,
    redis,
    /** What was done when, for the history of a failure. */
    timeline,
    async strike(what: Strike): Promise<void> {
      timeline.push(`${new Date().toISOString()} kill -9 ${what}`);
      await strikes[what]();
      timeline.push(`${new Date().toISOString()} ${what} is back, or will be`);
    },
    async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
      const database = new pg.Client(postgres.url);
      await database.connect();
      return (await database.query<Row>(text, values).finally(() => database.end())).rows;
    },
    /** Resolves when the database has its tables. */
    async untilReady(): Promise<void> {
      const probe = { by: "to", to: "34600000000" };
      const ask = () => client.call("posta.message.v1.MessageService", "ListMessages", probe).then(() => true);
      await expect.poll(() => ask().catch(() => false), { interval: 100 }).toBe(true);
    },
  };
}
