import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { TestClient } from "../support/client.js";
import { startCluster } from "../support/posta.js";
import { useReleases } from "../support/releases.js";
import { analyticsService, readCounts } from "./setup.js";

const callers = 6;
const rounds = 3;
const callsARound = 150;

const releases = useReleases();

async function setup() {
  const cluster = await startCluster({ POSTA_LOG_LEVEL: "silent" });
  releases.push(() => cluster.stop());
  const clients = Array.from({ length: callers }, () => new TestClient(`127.0.0.1:${cluster.port}`));
  releases.push(() => {
    for (const client of clients) client.close();
  });
  const inspector = new Redis({ path: join(cluster.dataDir, "analytics-redis", "redis.sock") });
  releases.push(() => inspector.disconnect());
  return { cluster, clients, inspector };
}

/** Sends batches of events, each again and again under the same ids until it is answered; remembers what it sent. */
function startLoad(clients: TestClient[]) {
  const expected = new Map<string, number>();
  let [calls, retries, ended] = [0, 0, false];
  let notify: () => void = () => {};
  async function send(client: TestClient, events: { name: string }[]): Promise<void> {
    for (;;) {
      const sending = client.call(analyticsService, "TrackEvents", { events }, { deadlineMs: 10_000 });
      const failed = await sending.then(
        ({ results }) => results.some(({ error }: { error: unknown }) => error),
        () => true,
      );
      if (!failed) return;
      retries += 1;
      await new Promise((resolve) => client.raw.waitForReady(Date.now() + 1000, resolve));
    }
  }
  async function run(client: TestClient): Promise<void> {
    while (!ended) {
      const events = Array.from({ length: 1 + (calls % 20) }, (_, index) => ({
        name: `name-${index % 3}`,
        id: randomUUID(),
        dimensions: { parity: String(index % 2) },
      }));
      for (const { name, dimensions } of events) {
        for (const series of [`${name}  `, `${name} parity ${dimensions.parity}`]) {
          expected.set(series, (expected.get(series) ?? 0) + 1);
        }
      }
      await send(client, events);
      calls += 1;
      notify();
    }
  }
  const running = clients.map(run);
  return {
    expected,
    retries: () => retries,
    async more(count: number): Promise<void> {
      const wanted = calls + count;
      while (calls < wanted) await new Promise<void>((resolve) => (notify = resolve));
    },
    async end(): Promise<void> {
      ended = true;
      await Promise.all(running);
    },
  };
}

it("counts every event once, though servers and the delivery process are killed and calls are sent again", async () => {
  const { cluster, clients, inspector } = await setup();
  const load = startLoad(clients);
  for (let round = 0; round < rounds; round += 1) {
    await load.more(callsARound);
    const { servers, deliveries } = await cluster.health();
    for (const child of [servers[round % servers.length], deliveries[0]]) {
      if (child?.pid !== undefined) process.kill(child.pid, "SIGKILL");
    }
  }
  await load.more(callsARound);
  await load.end();
  const counted = new Map<string, number>();
  for (const [key, { events }] of await readCounts({ inspector, prefix: "analytics" })) {
    const [, name, dimension, value] = key.split(" ");
    const series = `${name} ${dimension} ${value}`;
    counted.set(series, (counted.get(series) ?? 0) + events);
  }
  expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(load.expected));
  // Or nothing was interrupted, and nothing was shown.
  expect(load.retries()).toBeGreaterThan(0);
});
