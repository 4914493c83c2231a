import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { failureOf, TestClient } from "../support/client.js";
import { freePort, freshPrefix, noDatabase, startCluster, type TestCluster } from "../support/posta.js";
import { startRedis } from "../support/redis.js";
import { useReleases } from "../support/releases.js";

const unfit = 78;

const releases = useReleases();

async function start(env: Record<string, string> = {}, options?: { ready: boolean }): Promise<TestCluster> {
  const cluster = await startCluster(env, options);
  releases.push(() => cluster.stop());
  return cluster;
}

/** On the Redis that test files share, under a prefix of its own: the fastest start. */
function onSharedRedis(): Record<string, string> {
  return { POSTA_QUEUE_REDIS_URL: inject("redisUrl"), POSTA_QUEUE_PREFIX: freshPrefix() };
}

function connect(cluster: TestCluster): TestClient {
  const client = new TestClient(`127.0.0.1:${cluster.port}`);
  releases.push(() => client.close());
  return client;
}

/** A start that must fail: its exit code, and all that it printed. */
async function refusalOf(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const cluster = await start(env, { ready: false });
  await once(cluster.process, "close"); // Both outputs are complete.
  const [code] = await cluster.ended;
  return { code, output: cluster.output() };
}

async function statusOf(url: string): Promise<number> {
  return (await fetch(url)).status;
}

describe("a start", () => {
  it("prints one line that says where everything is", async () => {
    const cluster = await start({ ...onSharedRedis(), POSTA_LOG_LEVEL: "silent" });
    const admin = cluster.adminUrl.replaceAll(".", "\\.");
    expect(cluster.output()).toMatch(
      new RegExp(`^posta: gRPC 127\\.0\\.0\\.1:${cluster.port} .*admin ${admin}, 2 servers.*\n$`),
    );
  });

  it("is refused on a port that is taken", async () => {
    const first = await start(onSharedRedis());
    const grpc = await refusalOf({ ...onSharedRedis(), POSTA_GRPC_PORT: String(first.port) });
    expect(grpc.code).toBe(unfit);
    expect(grpc.output).toMatch(new RegExp(`^posta: POSTA_GRPC_PORT: 127.0.0.1:${first.port} is taken`, "m"));
    const adminPort = new URL(first.adminUrl).port;
    const admin = await refusalOf({ ...onSharedRedis(), POSTA_ADMIN_PORT: adminPort });
    expect(admin.code).toBe(unfit);
    expect(admin.output).toMatch(new RegExp(`^posta: POSTA_ADMIN_PORT: 127.0.0.1:${adminPort} is taken`, "m"));
  });

  it("is refused on a data folder that is in use, whose owner goes on", async () => {
    const first = await start();
    const second = await refusalOf({ POSTA_DATA_DIR: first.dataDir });
    expect(second.code).toBe(unfit);
    expect(second.output).toMatch(/^posta: POSTA_DATA_DIR: .* in use by another Posta/m);
    const answer = await connect(first).queue("AddJob", { queue: "q", job: { name: "n" } });
    expect(answer.outcome).toBe("OUTCOME_ADDED");
  });

  it.each([
    ["is a file", "package.json"],
    ["cannot be made", "/proc/posta/data"],
  ])("is refused on a data folder that %s", async (_, POSTA_DATA_DIR) => {
    const { code, output } = await refusalOf({ POSTA_DATA_DIR });
    expect(output).toMatch(/^posta: POSTA_DATA_DIR: cannot be used: /m);
    expect(code).toBe(unfit);
  });

  it.each([
    ["POSTA_SERVERS", { POSTA_SERVERS: "abc" }],
    ["POSTA_TYPO", { POSTA_TYPO: "1" }],
    ["POSTA_HOST", { POSTA_HOST: "0.0.0.0" }],
    ["POSTA_HOST", { POSTA_HOST: "no-such-host.invalid", POSTA_INSECURE: "1" }],
    ["POSTA_ADMIN_HOST", { POSTA_ADMIN_HOST: "no-such-host.invalid", POSTA_INSECURE: "1" }],
    ["POSTA_QUEUE_REDIS_URL", { POSTA_QUEUE_REDIS_URL: "http://127.0.0.1" }],
    ["POSTA_QUEUE_REDIS_URL", { POSTA_QUEUE_REDIS_URL: "redis://127.0.0.1:99999" }],
    ["POSTA_ANALYTICS_REDIS_URL", { POSTA_ANALYTICS_REDIS_URL: "redis+sentinel://127.0.0.1:0/name" }],
    ["POSTA_TLS_CERT_FILE", { POSTA_TLS_CERT_FILE: "no-such.pem", POSTA_TLS_KEY_FILE: "no-such.key" }],
  ])("is refused for a wrong %s", async (variable, env) => {
    const { code, output } = await refusalOf({ ...onSharedRedis(), ...env });
    expect(output).toMatch(new RegExp(`^posta: ${variable}: `, "m"));
    expect(code).toBe(unfit);
    expect(output).not.toMatch(/^posta: gRPC/m);
  });

  it.each([
    ["evicts", { "maxmemory-policy": "allkeys-lru" }, "CONFIG SET maxmemory-policy noeviction"],
    ["keeps no append-only file", { appendonly: "no" }, "CONFIG SET appendonly yes"],
    ["leaves syncing to the system", { appendfsync: "no" }, "CONFIG SET appendfsync everysec"],
  ])("is refused on a Redis that %s", async (_, options: Record<string, string>, fix) => {
    const redis = await startRedis(options);
    releases.push(() => redis.stop());
    const { code, output } = await refusalOf({ POSTA_QUEUE_REDIS_URL: redis.url });
    expect(code).toBe(unfit);
    expect(output).toMatch(new RegExp(`^posta: POSTA_QUEUE_REDIS_URL: .*${fix}`, "m"));
  });
});

describe("a start without its Redis", () => {
  it("stays up, says so to all who ask, and serves once the Redis is there", async () => {
    const port = await freePort();
    const cluster = await start(
      { POSTA_QUEUE_REDIS_URL: `redis://127.0.0.1:${port}`, POSTA_DATABASE_URL: noDatabase },
      { ready: false },
    );
    await cluster.untilOutput(/POSTA_QUEUE_REDIS_URL: Redis cannot be reached/);
    const client = connect(cluster);
    const health = () =>
      client.call("grpc.health.v1.Health", "Check", { service: "" }).then(
        ({ status }) => status,
        () => "none",
      );
    // A client that came before the port was open waits for longer each time.
    await expect.poll(health, { timeout: 20_000 }).toBe("NOT_SERVING");
    expect(await statusOf(`${cluster.adminUrl}/livez`)).toBe(200);
    expect(await statusOf(`${cluster.adminUrl}/readyz`)).toBe(503);
    expect(await statusOf(`${cluster.adminUrl}/healthz`)).toBe(503);
    const begun = Date.now();
    expect(await failureOf(client.queue("AddJob", { queue: "q", job: { name: "n" } }))).toMatchObject({ code: 14 });
    expect(Date.now() - begun).toBeLessThan(3000); // The time after which Redis counts as lost.

    const before = await cluster.serverPids();
    const redis = await startRedis({ port: String(port), bind: "127.0.0.1" });
    releases.splice(0, 0, () => redis.stop());
    await cluster.untilOutput(/^posta: gRPC/m);
    expect(await health()).toBe("SERVING");
    expect(await statusOf(`${cluster.adminUrl}/readyz`)).toBe(200);
    expect(await client.queue("AddJob", { queue: "q", job: { name: "n" } })).toMatchObject({
      outcome: "OUTCOME_ADDED",
    });
    expect(await cluster.serverPids()).toEqual(before);
  });
});

describe("a running cluster", () => {
  it("gives up with a non-zero status when its servers die in a loop", async () => {
    const cluster = await start({ ...onSharedRedis(), POSTA_SERVERS: "1" });
    const seen = new Set<number>();
    let ended = false;
    void cluster.ended.then(() => (ended = true));
    while (!ended) {
      const [pid] = await cluster.serverPids().catch(() => []);
      if (pid !== undefined && !seen.has(pid)) {
        seen.add(pid);
        process.kill(pid, "SIGKILL");
      }
      await new Promise(setImmediate);
    }
    expect(await cluster.ended).toEqual([1, null]);
    expect(seen.size).toBe(5);
    expect(cluster.output()).toMatch(/^posta: crash loop: 5 exits/m);
  });

  it("keeps its jobs over a restart, and leaves no Redis behind", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "posta-test-"));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    const first = await start({ POSTA_DATA_DIR: dataDir });
    const { jobId } = await connect(first).queue("AddJob", { queue: "q", job: { name: "kept", dataJson: '{"a":1}' } });
    await first.stop();
    expect(await first.ended).toEqual([0, null]);
    expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(dataDir);
    const second = await start({ POSTA_DATA_DIR: dataDir });
    const { job } = await connect(second).queue("GetJob", { queue: "q", jobId });
    expect(job).toMatchObject({ name: "kept", dataJson: '{"a":1}' });
  });

  it("ends at once on a second signal", async () => {
    const cluster = await start(onSharedRedis());
    const [stuck] = (await cluster.serverPids()) as [number];
    process.kill(stuck, "SIGSTOP"); // It cannot drain.
    cluster.process.kill("SIGTERM");
    await expect.poll(() => cluster.serverPids()).toEqual([]);
    const begun = Date.now();
    cluster.process.kill("SIGTERM");
    expect(await cluster.ended).toEqual([1, null]);
    expect(Date.now() - begun).toBeLessThan(10_000); // The time to drain is 20 s.
    await expect.poll(() => isAlive(stuck)).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
