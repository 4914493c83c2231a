import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { openRedis } from "../../../src/store/redis/address.js";
import { startServer } from "../../support/posta.js";
import {
  createStore,
  startNode,
  startSentinel,
  startTcpRedis,
  startTwoNodes,
  untilWhole,
} from "../../support/redis-cluster.js";
import { useReleases } from "../../support/releases.js";

const releases = useReleases();

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

describe("Redis addresses", () => {
  it("reaches a single server by redis:// with its database and password", async () => {
    const password = "s3cret/word";
    const { port } = await startTcpRedis(releases, ["--appendonly", "yes", "--requirepass", password], { password });
    expect(await addAndRead(`redis://:s3cret%2Fword@127.0.0.1:${port}/2`, "single")).toBe("plain");
  });

  it("reaches a Cluster by redis+cluster://", async () => {
    const { port, client } = await startNode(releases);
    await client.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await untilWhole(client);
    expect(await addAndRead(`redis+cluster://127.0.0.1:${port}`, "{bull}")).toBe("plain");
  });

  it("finds the keys that a queue left on the server of a Cluster that has them", async () => {
    const { first, own } = await startTwoNodes(releases);
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

  it("reaches a Sentinel's master by redis+sentinel://", async () => {
    const master = await startTcpRedis(releases, ["--appendonly", "yes"]);
    const sentinelPort = await startSentinel(releases, master);
    expect(await addAndRead(`redis+sentinel://127.0.0.1:${sentinelPort}/mymaster`, "sentinel")).toBe("plain");
  });

  it("refuses a database that the server does not have, instead of going on in another", async () => {
    const { port, client } = await startTcpRedis(releases, ["--appendonly", "yes"]);
    const store = createStore(releases, `redis://127.0.0.1:${port}/99`, "p");
    const unfit = once(store, "unfit");
    store.open();
    const [error] = await unfit;
    expect(error.message).toMatch(/^POSTA_QUEUE_REDIS_URL: Redis has no database 99 \(/);
    expect(store.usable).toBe(false);
    expect(await client.dbsize()).toBe(0);
  });

  it("refuses a Redis that evicts, with a fix that fits one that does not allow CONFIG", async () => {
    const evicting = ["--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"];
    for (const [fix, args] of [
      ["CONFIG SET maxmemory-policy noeviction, and the same in redis.conf", []],
      ["set maxmemory-policy to noeviction where this Redis is configured", ["--rename-command", "CONFIG", ""]],
    ] as const) {
      const { port } = await startTcpRedis(releases, [...evicting, ...args]);
      const store = createStore(releases, `redis://127.0.0.1:${port}`, "p");
      const unfit = once(store, "unfit");
      store.open();
      const [{ message }] = await unfit;
      expect(message).toContain(`this Redis would evict jobs (maxmemory-policy allkeys-lru); fix: ${fix}`);
    }
  });

  it("refuses what is no address, with the variable and the forms that are, and without the address", () => {
    const open = (address: string) => () => openRedis(address, "POSTA_QUEUE_REDIS_URL", { lazyConnect: true });
    expect(open("http://secret-host")).toThrow(/^POSTA_QUEUE_REDIS_URL: is not a Redis address; use redis:\/\//);
    expect(open("http://secret-host")).not.toThrow(/secret-host/);
    expect(open("redis+sentinel://h:26379")).toThrow(/name the master/);
    expect(open("redis://:50%@h")).toThrow(/^POSTA_QUEUE_REDIS_URL: its user or password has a '%'/);
    expect(open("redis://h?ca=/ca.pem")).toThrow(
      /^POSTA_QUEUE_REDIS_URL: its parameter "ca" needs TLS: begin the address/,
    );
    expect(open("rediss://h?tls=1")).toThrow(
      /^POSTA_QUEUE_REDIS_URL: has no parameter "tls"; the parameters are ca, cert,/,
    );
    expect(open("rediss://h?cert=/c.pem")).toThrow(
      /^POSTA_QUEUE_REDIS_URL: has one of the parameters "cert" and "key"/,
    );
    expect(open("rediss://h?ca=/no.pem")).toThrow(
      'POSTA_QUEUE_REDIS_URL: cannot read the file of its parameter "ca", /no.pem (ENOENT)',
    );
    expect(open("redis://h?sentinel_password=x")).toThrow(/its parameter "sentinel_password" is for redis\+sentinel:/);
    expect(open("redis://h/abc")).toThrow(/^POSTA_QUEUE_REDIS_URL: its database is not a number/);
  });
});
