import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { openRedis } from "../../../src/store/redis/address.js";
import { RedisStore } from "../../../src/store/redis/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { freePort, startServer } from "../../support/posta.js";
import { useReleases } from "../../support/releases.js";

const releases = useReleases();

interface TcpRedis {
  port: number;
  busPort: number;
  dir: string;
  client: Redis;
}

/** A redis-server on a TCP port, as Sentinels and Clusters need it. */
async function startTcpRedis(args: string[], password?: string): Promise<TcpRedis> {
  const dir = mkdtempSync(join(tmpdir(), "posta-redis-"));
  const port = await freePort();
  // By default a Cluster's bus listens 10,000 ports higher, where another process may have taken its ports.
  const busPort = await freePort();
  const ports = ["--port", String(port), "--cluster-port", String(busPort)];
  const all = [...ports, "--bind", "127.0.0.1", "--dir", dir, "--save", "", ...args];
  const server: ChildProcess = spawn("redis-server", all, { stdio: "ignore" });
  const client = new Redis({
    port,
    host: "127.0.0.1",
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
    ...(password ? { password } : {}),
  });
  client.on("error", () => {});
  releases.push(async () => {
    client.disconnect();
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
    rmSync(dir, { recursive: true, force: true });
  });
  await client.ping();
  return { port, busPort, dir, client };
}

async function addAndRead(url: string, prefix: string): Promise<string> {
  const posta = await startServer(url, { POSTA_QUEUE_PREFIX: prefix, POSTA_ANALYTICS_PREFIX: `${prefix}-events` });
  releases.push(() => posta.stop());
  await posta.serving;
  const jobs = [{ name: "plain" }, { name: "dedup", options: { deduplication: { id: "d" } } }];
  const { results } = await posta.client.queue("AddJobs", { queue: "q", jobs });
  expect(results.map((result: { outcome: string }) => result.outcome)).toEqual(["OUTCOME_ADDED", "OUTCOME_ADDED"]);
  const { job } = await posta.client.queue("GetJob", { queue: "q", jobId: results[0].jobId });
  const { queue } = await posta.client.queue("GetQueue", { queue: "q" });
  expect(queue.counts.waiting).toBe(2);
  return job.name;
}

function createStore(url: string, prefix: string): RedisStore {
  const options = { url, prefix, variable: "POSTA_QUEUE_REDIS_URL", timeoutMs: 3000, durable: { allowNoAof: false } };
  const store = new RedisStore({ ...options, name: "the queue's store" }, createLog("test", "silent"));
  releases.push(() => store.close());
  return store;
}

type Node = Awaited<ReturnType<typeof startNode>>;

/** A server of a Cluster that has no slots yet. */
function startNode() {
  return startTcpRedis(["--appendonly", "yes", "--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"]);
}

/** A Cluster of two servers, of which `own` has the keys of "{bull}". */
async function startTwoNodes() {
  const nodes = await Promise.all([startNode(), startNode()]);
  const [first, second] = nodes as [Node, Node];
  await first.client.call("CLUSTER", "ADDSLOTSRANGE", "0", "8191");
  await second.client.call("CLUSTER", "ADDSLOTSRANGE", "8192", "16383");
  await second.client.call("CLUSTER", "SET-CONFIG-EPOCH", "2");
  await first.client.call("CLUSTER", "MEET", "127.0.0.1", String(second.port), String(second.busPort));
  for (const { client } of nodes) await untilWhole(client);
  const slot = Number(await first.client.call("CLUSTER", "KEYSLOT", "{bull}"));
  const [own, other] = slot < 8192 ? [first, second] : [second, first];
  return { first, own, other };
}

async function untilWhole(client: Redis): Promise<void> {
  const state = async () => String(await client.call("CLUSTER", "INFO"));
  await expect.poll(state).toContain("cluster_state:ok");
}

describe("Redis addresses", () => {
  it("reaches a single server by redis:// with its database and password", async () => {
    const { port } = await startTcpRedis(["--appendonly", "yes", "--requirepass", "s3cret/word"], "s3cret/word");
    expect(await addAndRead(`redis://:s3cret%2Fword@127.0.0.1:${port}/2`, "single")).toBe("plain");
  });

  it("reaches a Cluster by redis+cluster://", async () => {
    const { port, client } = await startNode();
    await client.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await untilWhole(client);
    expect(await addAndRead(`redis+cluster://127.0.0.1:${port}`, "{bull}")).toBe("plain");
  });

  it("finds the keys that a queue left on the server of a Cluster that has them", async () => {
    const { first, own } = await startTwoNodes();
    const posta = await startServer(`redis+cluster://127.0.0.1:${first.port}`, {
      POSTA_QUEUE_PREFIX: "{bull}",
      POSTA_ANALYTICS_PREFIX: "{events}",
    });
    releases.push(() => posta.stop());
    await posta.serving;
    for (const id of ["lost", "in-line"])
      await posta.client.queue("AddJob", { queue: "q", job: { name: "n", options: { id } } });
    await own.client.lrem("{bull}:q:wait", 1, "lost");
    await posta.client.queue("ObliterateQueue", { queue: "q" });
    expect(await own.client.keys("{bull}:q:*")).toEqual([]);
  });

  it("looks at the server of a Cluster that has the queues, and at no other", async () => {
    const { first, own, other } = await startTwoNodes();
    const store = createStore(`redis+cluster://127.0.0.1:${first.port}`, "{bull}");
    const usable = once(store, "usable");
    store.open();
    await usable;
    await other.client.config("SET", "maxmemory", "1");
    // Each heartbeat tells how long the answer took.
    for (let beats = 0; beats < 3; beats += 1) await once(store, "answered");
    expect(store.refusal).toBeUndefined();
    await own.client.config("SET", "maxmemory", "1");
    await expect.poll(() => store.refusal).toBe("its memory is full");
    await own.client.config("SET", "maxmemory", "0");
    await expect.poll(() => store.refusal).toBeUndefined();
  });

  it("reaches a Sentinel's master by redis+sentinel://", async () => {
    const master = await startTcpRedis(["--appendonly", "yes"]);
    const conf = join(master.dir, "sentinel.conf");
    writeFileSync(conf, `sentinel monitor mymaster 127.0.0.1 ${master.port} 1\n`);
    const sentinelPort = await freePort();
    const sentinel = spawn(
      "redis-server",
      [conf, "--sentinel", "--port", String(sentinelPort), "--bind", "127.0.0.1"],
      {
        stdio: "ignore",
      },
    );
    releases.push(async () => {
      const gone = once(sentinel, "exit");
      sentinel.kill("SIGKILL");
      await gone;
    });
    expect(await addAndRead(`redis+sentinel://127.0.0.1:${sentinelPort}/mymaster`, "sentinel")).toBe("plain");
  });

  it("refuses a database that the server does not have, instead of going on in another", async () => {
    const { port, client } = await startTcpRedis(["--appendonly", "yes"]);
    const store = createStore(`redis://127.0.0.1:${port}/99`, "p");
    const unfit = once(store, "unfit");
    store.open();
    const [error] = await unfit;
    expect(error.message).toMatch(/^POSTA_QUEUE_REDIS_URL: Redis has no database 99 \(/);
    expect(store.usable).toBe(false);
    expect(await client.dbsize()).toBe(0);
  });

  it("refuses what is no address, with the variable and the forms that are, and without the address", () => {
    const open = (address: string) => () => openRedis(address, "POSTA_QUEUE_REDIS_URL", { lazyConnect: true });
    expect(open("http://secret-host")).toThrow(/^POSTA_QUEUE_REDIS_URL: is not a Redis address; use redis:\/\//);
    expect(open("http://secret-host")).not.toThrow(/secret-host/);
    expect(open("redis+sentinel://h:26379")).toThrow(/name the master/);
    expect(open("redis://:50%@h")).toThrow(/^POSTA_QUEUE_REDIS_URL: its user or password has a '%'/);
    expect(open("redis://h/abc")).toThrow(/^POSTA_QUEUE_REDIS_URL: its database is not a number/);
  });
});
