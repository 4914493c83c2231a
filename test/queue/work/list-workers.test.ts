import { Redis } from "ioredis";
import { describe, expect, inject, it } from "vitest";
import { startServer } from "../../support/posta.js";
import { startRedis } from "../../support/redis.js";
import { type Message, open } from "./session-setup.js";
import { add, freshQueue, lease, posta, redis, releases } from "./work-setup.js";

/** ListWorkers: who works, over all servers. */

const list = async (request: object = {}) => posta.client.worker("ListWorkers", request);
const named = async (worker: string) =>
  (await list({ pageSize: 1000 })).workers.filter((one: Message) => one.worker === worker) as Message[];

describe("ListWorkers", () => {
  it("shows sessions of all servers, with their queues and what they have", async () => {
    const elsewhere = await startServer(inject("redisUrl"), { POSTA_QUEUE_PREFIX: posta.prefix });
    releases.push(() => elsewhere.stop());
    await elsewhere.serving;
    const queue = freshQueue();
    const worker = `shown-${queue}`;
    await add(queue, 1);
    const session = open(elsewhere);
    session.hello(queue, 3, { worker, version: "mailer 1.4.2" });
    await expect.poll(() => session.jobs().length).toBe(1);
    await expect.poll(() => named(worker), { timeout: 8000 }).toMatchObject([{ queues: [{ inFlight: 1 }] }]);
    const [shown] = await named(worker);
    expect(shown).toMatchObject({
      worker,
      version: "mailer 1.4.2",
      inSession: true,
      queues: [{ queue, maxInFlight: 3, inFlight: 1 }],
      draining: false,
    });
    for (const time of [shown.startTime, shown.seenTime])
      expect(Math.abs(Date.now() / 1000 - Number(time.seconds))).toBeLessThan(15);
    session.stream.cancel();
    await expect.poll(() => named(worker), { timeout: 8000 }).toEqual([]);
  });

  it("shows workers that call, and only those of the queue that is asked for", async () => {
    const [queue, other] = [freshQueue(), freshQueue()];
    const worker = `calls-${queue}`;
    await lease(queue, { worker });
    await lease(other, { worker });
    await expect
      .poll(() => list({ queue: other }).then(({ workers }) => workers), { timeout: 8000 })
      .toMatchObject([{ worker, inSession: false, queues: [{ queue: other, maxInFlight: 0, inFlight: 0 }] }]);
    expect((await list({ queue: "nobody-works-here" })).workers).toEqual([]);
  });

  it("gives pages, by name", async () => {
    const queue = freshQueue();
    const names = ["a", "b", "c", "d", "e"].map((letter) => `page-${queue}-${letter}`);
    for (const worker of names) await lease(queue, { worker });
    await expect.poll(async () => (await list({ queue })).workers.length, { timeout: 8000 }).toBe(names.length);
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await list({ queue, pageSize: 2, pageToken });
      expect(page.workers.length).toBeLessThanOrEqual(2);
      seen.push(...page.workers.map(({ worker }: Message) => worker));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(names);
  });

  it("forgets a server that dies, however soon", async () => {
    await lease(freshQueue(), { worker: "short-lived" });
    const keysOf = () => redis.keys(`${posta.prefix}:posta-workers:*`);
    await expect.poll(keysOf, { timeout: 8000 }).not.toEqual([]);
    for (const key of await keysOf()) expect(await redis.pttl(key)).toBeGreaterThan(0);
  });

  it("shows no worker of a server that has died, and forgets it", async () => {
    const member = ["dead", "server", "1"].join("\0");
    await redis.zadd(`${posta.prefix}:posta-workers`, 0, member);
    expect(await named("dead")).toEqual([]);
    expect(await redis.zscore(`${posta.prefix}:posta-workers`, member)).toBeNull();
  });

  it("forgets a session that ended while the store refused to", async () => {
    const store = await startRedis();
    releases.push(() => store.stop());
    const server = await startServer(store.url);
    releases.push(() => server.stop());
    await server.serving;
    const inspector = new Redis({ path: store.socket });
    releases.push(() => inspector.disconnect());
    const names = async () =>
      (await server.client.worker("ListWorkers", {})).workers.map(({ worker }: Message) => worker);
    const [ended, stays] = [open(server), open(server)];
    ended.hello("q", 1, { worker: "ended" });
    stays.hello("q", 1, { worker: "stays" });
    await expect.poll(names, { timeout: 8000 }).toEqual(["ended", "stays"]);
    await inspector.call("ACL", "SETUSER", "default", "-hdel", "-zrem", "-zrange");
    ended.stream.cancel();
    const refused = async () => ((await inspector.call("ACL", "LOG")) as unknown[]).length;
    await expect.poll(refused, { timeout: 8000 }).toBeGreaterThan(1);
    await inspector.call("ACL", "SETUSER", "default", "+hdel", "+zrem", "+zrange");
    await expect.poll(names, { timeout: 12_000 }).toEqual(["stays"]);
  });

  it("refuses a page that is too large, and a token of another list", async () => {
    await expect(list({ pageSize: 1001 })).rejects.toThrow(/page_size: 1001 is over 1000/);
    await expect(list({ pageToken: "x" })).rejects.toThrow(/page_token: is not/);
  });
});
