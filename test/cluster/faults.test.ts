import { join } from "node:path";
import type { ServiceError } from "@grpc/grpc-js";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { TestClient } from "../support/client.js";
import { isAlive, startCluster, type TestCluster } from "../support/posta.js";
import { startRedis } from "../support/redis.js";
import { useReleases } from "../support/releases.js";

const unavailable = 14;
const queue = "load";

const releases = useReleases();

/** A cluster on a Redis of its own, which outlives it. */
async function setup(env: Record<string, string> = {}) {
  const redis = await startRedis();
  releases.push(() => redis.stop());
  const cluster = await startCluster({ POSTA_QUEUE_REDIS_URL: redis.url, POSTA_LOG_LEVEL: "error", ...env });
  releases.push(() => cluster.stop());
  return { redis, cluster };
}

/** Several connections: one stays on one server process. */
function connect(cluster: TestCluster, count: number): TestClient[] {
  const clients = Array.from({ length: count }, () => new TestClient(`127.0.0.1:${cluster.port}`));
  releases.push(() => {
    for (const client of clients) client.close();
  });
  return clients;
}

/** Adds jobs without a pause, eight at a time on each connection, until it is ended. */
function loadClosed(clients: TestClient[]) {
  const acknowledged: string[] = [];
  const failures: ServiceError[] = [];
  let ended = false;
  let notify: () => void = () => {};
  async function addOn(client: TestClient): Promise<void> {
    while (!ended) {
      const adding = client.queue("AddJob", { queue, job: { name: "n", dataJson: "1" } }, { deadlineMs: 10_000 });
      const failed = await adding.then(
        ({ jobId }) => void acknowledged.push(jobId),
        (error) => failures.push(error),
      );
      notify();
      // Until it has another server, a channel fails all its calls at once: that would be no load but a busy loop.
      if (failed) await new Promise((resolve) => client.raw.waitForReady(Date.now() + 1000, resolve));
    }
  }
  const running = clients.flatMap((client) => Array.from({ length: 8 }, () => addOn(client)));
  return {
    acknowledged,
    failures,
    /** Resolves when so many more jobs were acknowledged. */
    async more(count: number): Promise<void> {
      const wanted = acknowledged.length + count;
      while (acknowledged.length < wanted) await new Promise<void>((resolve) => (notify = resolve));
    },
    async end(): Promise<void> {
      ended = true;
      await Promise.all(running);
    },
  };
}

async function readWaiting(socket: string): Promise<string[]> {
  const redis = new Redis({ path: socket });
  const ids = await redis.lrange(`bull:${queue}:wait`, 0, -1);
  redis.disconnect();
  return ids;
}

/** Every acknowledged job is there once; besides them at most those whose outcome is unknown. */
function expectKept(kept: string[], acknowledged: string[], failures: ServiceError[]): void {
  const there = new Set(kept);
  expect(there.size).toBe(kept.length);
  expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
  expect(kept.length - acknowledged.length).toBeLessThanOrEqual(failures.length);
  expect(failures.filter(({ code }) => code !== unavailable)).toEqual([]);
}

async function isHealthy(cluster: TestCluster): Promise<boolean> {
  return (await cluster.health()).status === "OK";
}

/** What /healthz says from now on, each change once. */
function watchStatus(cluster: TestCluster) {
  const seen: string[] = [];
  let ended = false;
  async function watch(): Promise<void> {
    while (!ended) {
      const { status } = await cluster.health();
      if (seen.at(-1) !== status) seen.push(status);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  const watching = watch();
  return {
    async end(): Promise<string[]> {
      ended = true;
      await watching;
      return seen;
    },
  };
}

describe("a cluster under load", () => {
  it("loses no acknowledged job when a server is killed, and replaces the server", async () => {
    const { redis, cluster } = await setup();
    const load = loadClosed(connect(cluster, 6));
    await load.more(500);
    const [victim, survivor] = (await cluster.serverPids()) as [number, number];
    process.kill(victim, "SIGKILL");
    await expect.poll(() => cluster.serverPids()).not.toContain(victim);
    await expect.poll(() => isHealthy(cluster)).toBe(true);
    await load.more(500);
    await load.end();
    const pids = await cluster.serverPids();
    expect(pids).toHaveLength(2);
    expect(pids).toContain(survivor);
    // Three of the connections were the victim's, each with calls in flight.
    expect(load.failures.length).toBeGreaterThan(0);
    expectKept(await readWaiting(redis.socket), load.acknowledged, load.failures);
  });

  it("drains on SIGTERM: exits 0 in time and has all that it acknowledged", async () => {
    const { redis, cluster } = await setup({ POSTA_DRAIN_TIMEOUT: "10s" });
    const load = loadClosed(connect(cluster, 4));
    await load.more(500);
    const begun = Date.now();
    cluster.process.kill("SIGTERM");
    expect(await cluster.ended).toEqual([0, null]);
    expect(Date.now() - begun).toBeLessThan(10_000);
    await load.end();
    expectKept(await readWaiting(redis.socket), load.acknowledged, load.failures);
  });

  it("fails no call while SIGHUP replaces every server", async () => {
    const { redis, cluster } = await setup();
    const before = await cluster.serverPids();
    const load = loadPaced(connect(cluster, 5));
    await load.more(100);
    const statuses = watchStatus(cluster);
    cluster.process.kill("SIGHUP");
    const replaced = async () => {
      const pids = await cluster.serverPids();
      return pids.length === 2 && pids.every((pid) => !before.includes(pid) && !isAlive(before[0] as number));
    };
    await expect.poll(replaced).toBe(true);
    await expect.poll(() => before.some(isAlive)).toBe(false);
    await load.more(200);
    await load.end();
    expect(load.failures).toEqual([]);
    expect(await statuses.end()).not.toContain("DOWN");
    expectKept(await readWaiting(redis.socket), load.acknowledged, []);
  });
});

/** An open loop: 500 jobs a second, whatever becomes of those before. */
function loadPaced(clients: TestClient[]) {
  const acknowledged: string[] = [];
  const failures: ServiceError[] = [];
  const calls: Promise<unknown>[] = [];
  const addOnEach = () => {
    for (const client of clients) {
      const adding = client.queue("AddJob", { queue, job: { name: "n", dataJson: "1" } });
      calls.push(
        adding.then(
          ({ jobId }) => acknowledged.push(jobId),
          (error) => failures.push(error),
        ),
      );
    }
  };
  const timer = setInterval(addOnEach, (1000 * clients.length) / 500);
  return {
    acknowledged,
    failures,
    async more(count: number): Promise<void> {
      const wanted = acknowledged.length + count;
      await expect.poll(() => acknowledged.length).toBeGreaterThanOrEqual(wanted);
    },
    async end(): Promise<void> {
      clearInterval(timer);
      await Promise.all(calls);
    },
  };
}

describe("a primary that is killed", () => {
  it("leaves no process behind, and its jobs to the next start", async () => {
    const first = await startCluster({ POSTA_LOG_LEVEL: "error" });
    releases.push(() => first.stop());
    const [client] = connect(first, 1) as [TestClient];
    const { jobId } = await client.queue("AddJob", { queue, job: { name: "kept", dataJson: "1" } });
    const pids = [...(await first.serverPids()), await readRedisPid(first)];
    first.process.kill("SIGKILL");
    expect(await first.ended).toEqual([null, "SIGKILL"]);
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);

    const second = await startCluster({ POSTA_DATA_DIR: first.dataDir, POSTA_LOG_LEVEL: "error" });
    releases.push(() => second.stop());
    const [again] = connect(second, 1) as [TestClient];
    const { job } = await again.queue("GetJob", { queue, jobId });
    expect(job).toMatchObject({ id: jobId, name: "kept", state: "JOB_STATE_WAITING" });
    expect(await readWaiting(join(first.dataDir, "queue-redis", "redis.sock"))).toEqual([jobId]);
  });
});

async function readRedisPid({ dataDir }: TestCluster): Promise<number> {
  const redis = new Redis({ path: join(dataDir, "queue-redis", "redis.sock") });
  const info = await redis.info("server");
  redis.disconnect();
  return Number(/process_id:(\d+)/.exec(info)?.[1]);
}
