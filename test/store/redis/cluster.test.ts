import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { parseInfo } from "../../../src/store/redis/info.js";
import type { RedisStore } from "../../../src/store/redis/store.js";
import { createStore, startTwoNodes, type TcpRedis } from "../../support/redis-cluster.js";
import { useReleases } from "../../support/releases.js";

const releases = useReleases();

/** A store on a Cluster, which has the first server's address. */
async function openStore({ port }: TcpRedis): Promise<RedisStore> {
  const store = createStore(releases, `redis+cluster://127.0.0.1:${port}`);
  const usable = once(store, "usable");
  store.open();
  await usable;
  return store;
}

/** Each heartbeat tells how long the answer took. */
async function untilBeats(store: RedisStore, count: number): Promise<void> {
  for (let beats = 0; beats < count; beats += 1) await once(store, "answered");
}

async function countCalls({ client }: TcpRedis, command: string): Promise<number> {
  const stats = parseInfo(await client.info("commandstats"));
  return Number(/calls=(\d+)/.exec(stats.get(`cmdstat_${command}`) ?? "")?.[1] ?? 0);
}

describe("a store on a Redis Cluster", () => {
  it("looks at the server of a Cluster that has the queues, and at no other", async () => {
    const { first, own, other } = await startTwoNodes(releases);
    const store = await openStore(first);
    await other.client.config("SET", "maxmemory", "1");
    await untilBeats(store, 3);
    expect(store.refusal).toBeUndefined();
    await own.client.config("SET", "maxmemory", "1");
    await expect.poll(() => store.refusal).toBe("its memory is full");
    await own.client.config("SET", "maxmemory", "0");
    await expect.poll(() => store.refusal).toBeUndefined();
  });

  it("asks the clock of the server that has the queues, and of no other", async () => {
    const { first, own, other } = await startTwoNodes(releases);
    const store = await openStore(first);
    await untilBeats(store, 8);
    expect(await countCalls(own, "time")).toBeGreaterThan(7);
    expect(await countCalls(other, "time")).toBe(0);
  });

  it("is used while a server that has no keys of it hangs, from the start and later", async () => {
    const { own, other } = await startTwoNodes(releases);
    const store = await openStore(own);
    const told: boolean[] = [];
    store.on("usable", (usable) => told.push(usable));
    process.kill(other.pid, "SIGSTOP");
    await untilBeats(store, 8);
    expect(told).toEqual([]);
    const began = performance.now();
    await openStore(own);
    expect(performance.now() - began).toBeLessThan(2500);
  });

  it("starts although a server that has no keys of it evicts", async () => {
    const { own, other } = await startTwoNodes(releases);
    await other.client.config("SET", "maxmemory-policy", "allkeys-lru");
    expect((await openStore(own)).usable).toBe(true);
  });
});
