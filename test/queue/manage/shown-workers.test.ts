import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { QueueReader } from "../../../src/queue/inspect/read-queue.js";
import { Keys } from "../../../src/queue/job/keys.js";
import { createQueueHandles } from "../../../src/queue/manage/create-queue-handles.js";
import { toMember } from "../../../src/queue/work/registry/worker-info.js";
import { RedisStore } from "../../../src/store/redis/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { startRedis } from "../../support/redis.js";
import { useReleases } from "../../support/releases.js";

const releases = useReleases();
const names = Array.from({ length: 20 }, (_, index) => `queue-${index}`);

/** Twenty queues, as the primary shows them, and a remote worker of the first of them. */
async function setup() {
  const redis = await startRedis();
  const client = new Redis({ path: redis.socket });
  const options = {
    url: redis.url,
    variable: "v",
    name: "the queue's store",
    prefix: "bull",
    timeoutMs: 5000,
    durable: false,
  } as const;
  const store = new RedisStore(options, createLog("test", "silent"));
  store.open();
  await new Promise<void>((resolve) => store.on("usable", () => resolve()));
  releases.push(
    () => redis.stop(),
    () => client.disconnect(),
    () => store.close(),
  );
  const keys = new Keys("bull");
  for (const name of names) await client.zadd(keys.queues, 0, name);
  const member = toMember("remote", "server", 1);
  const info = { worker: "remote", version: "", inSession: true, isDraining: true, startedAt: Date.now() - 60_000 };
  const queues = [{ queue: "queue-0", max: 8, inFlight: 3 }];
  await client.hset(keys.workersOf("server"), member, JSON.stringify({ ...info, queues, seenAt: Date.now() }));
  await client.zadd(keys.workers, 0, member);
  const shown = await createQueueHandles(store, new QueueReader(store, keys), keys).first(100);
  const workers = () => Promise.all(shown.map((queue) => queue.getWorkers()));
  const lists = async () => Number(/client\|list:calls=(\d+)/.exec(await client.info("commandstats"))?.[1] ?? 0);
  return { client, workers, lists };
}

const remote = {
  rawname: ":w:remote",
  addr: "Posta session, 3 of 8 jobs, draining",
  age: expect.stringMatching(/^6\d$/),
};

describe("the workers of shown queues", () => {
  it("cost one list of Redis' clients, however many queues there are", async () => {
    const { workers, lists } = await setup();
    const [first, ...others] = await workers();
    expect(first).toMatchObject([remote]);
    expect(others.flat()).toEqual([]);
    expect(await lists()).toBe(1);
    await workers();
    expect(await lists()).toBe(1);
  });

  it("are the remote ones where Redis does not list its clients, and of the other queues nobody knows", async () => {
    const { client, workers } = await setup();
    await client.acl("SETUSER", "default", "-client|list");
    const [first, second] = await workers();
    expect(first).toMatchObject([{ name: expect.any(String) }, remote]);
    expect(second).toHaveLength(1);
    // Without an address it is no worker for the user interface, and the list is not known.
    expect(second?.[0]).not.toHaveProperty("addr");
  });
});
