import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TestClient } from "../../support/client.js";
import { openCall } from "../../support/open-call.js";
import { isAlive, startCluster, type TestCluster } from "../../support/posta.js";
import { startRedis } from "../../support/redis.js";
import { useReleases } from "../../support/releases.js";

/** What happens when a rolling restart, or an end, meets something else. */

const releases = useReleases();

async function setup(env: Record<string, string> = {}) {
  const redis = await startRedis();
  releases.push(() => redis.stop());
  // A call is held open while others start: on a busy machine for longer than the 20 s that a drain has.
  const settings = { POSTA_DRAIN_TIMEOUT: "60s", POSTA_MAX_DEADLINE: "5m" };
  const cluster = await startCluster({ POSTA_QUEUE_REDIS_URL: redis.url, ...settings, ...env });
  releases.push(() => cluster.stop());
  return cluster;
}

async function hold(cluster: TestCluster) {
  const call = await openCall(cluster.port, "roll");
  releases.push(() => call.close());
  return call;
}

describe("a rolling restart", () => {
  it("keeps the old servers if a new one finds its settings unfit", async () => {
    const folder = mkdtempSync(join(tmpdir(), "posta-roll-"));
    releases.push(() => rmSync(folder, { recursive: true }));
    const authFile = join(folder, "tokens");
    writeFileSync(authFile, `ops ${createHash("sha256").update("t").digest("hex")} *\n`);
    const cluster = await setup({ POSTA_AUTH_FILE: authFile });
    const before = await cluster.serverPids();
    writeFileSync(authFile, "not a token file\n");
    cluster.process.kill("SIGHUP");
    await cluster.untilOutput(/rolling restart: given up/);
    expect(cluster.output()).toMatch(/POSTA_AUTH_FILE/);
    expect(await cluster.serverPids()).toEqual(before);
    const client = new TestClient(`127.0.0.1:${cluster.port}`);
    releases.push(() => client.close());
    const metadata = { authorization: "Bearer t" };
    const adding = client.queue("AddJob", { queue: "roll", job: { name: "n" } }, { metadata, deadlineMs: 5000 });
    expect(await adding).toMatchObject({ outcome: "OUTCOME_ADDED" });
  });

  it("ends with as many servers as before, also if an old one dies meanwhile", async () => {
    const cluster = await setup();
    const [first, second] = (await cluster.serverPids()) as [number, number];
    cluster.process.kill("SIGHUP");
    process.kill(second, "SIGKILL");
    await cluster.untilOutput(/rolling restart: done \(server processes\)/);
    const settled = async () => {
      const pids = await cluster.serverPids();
      return pids.length === 2 && !pids.includes(first) && !pids.includes(second);
    };
    await expect.poll(settled).toBe(true);
    // The dead one's successor was due within this time.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await cluster.serverPids()).toHaveLength(2);
  });

  it("that is cut short by SIGTERM still lets the calls of a draining server finish", async () => {
    const cluster = await setup({ POSTA_SERVERS: "1" });
    const [old] = (await cluster.serverPids()) as [number];
    const call = await hold(cluster);
    cluster.process.kill("SIGHUP");
    await expect.poll(async () => (await cluster.serverPids()).includes(old)).toBe(false);
    const fresh = await cluster.serverPids();
    cluster.process.kill("SIGTERM");
    await expect.poll(() => fresh.some(isAlive)).toBe(false);
    expect(isAlive(old)).toBe(true);
    expect(await call.finish()).toBe("0");
    expect(await cluster.ended).toEqual([0, null]);
  });
});

describe("servers whose primary is killed", () => {
  it("finish the calls that they have, and end", async () => {
    const cluster = await setup();
    const pids = await cluster.serverPids();
    const call = await hold(cluster);
    cluster.process.kill("SIGKILL");
    await cluster.ended;
    await expect.poll(() => pids.filter(isAlive)).toHaveLength(1);
    expect(await call.finish()).toBe("0");
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  });
});
