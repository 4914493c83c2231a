import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../support/client.js";
import { useReleases } from "../../support/releases.js";
import { type Bundle, code, setup, startMigratedPostgres, untilDrained } from "../spool-setup.js";

const releases = useReleases();

async function start(options: Parameters<typeof setup>[0] = {}): Promise<Bundle> {
  const bundle = await setup(options);
  releases.push(bundle.release);
  return bundle;
}

const duration = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });

describe("while Redis is down", () => {
  it("jobs are spooled, and in their queue in order once it is back, before those that came later", async () => {
    const bundle = await start();
    const { add, redis, client, waitingNames } = bundle;
    await bundle.startDelivery();
    expect((await add("q", { name: "n0" })).outcome).toBe("OUTCOME_ADDED");
    await bundle.loseRedis();
    for (const name of ["n1", "n2"]) expect((await add("q", { name })).outcome).toBe("OUTCOME_SPOOLED");
    const { results } = await client.queue("AddJobs", { queue: "q", jobs: [{ name: "n3" }, { name: "n4" }] });
    expect(results).toMatchObject([{ outcome: "OUTCOME_SPOOLED" }, { outcome: "OUTCOME_SPOOLED" }]);
    await redis.restart();
    let last = "";
    for (let n = 5; last !== "OUTCOME_ADDED"; n += 1) last = (await add("q", { name: `n${n}` })).outcome;
    await untilDrained(bundle);
    const names = await waitingNames("q");
    expect(names).toEqual(Array.from(names, (_, n) => `n${n}`));
    expect(names.length).toBeGreaterThanOrEqual(6);
  });

  it("keeps priority, delay, lifo, deduplication and retention of a job", async () => {
    const bundle = await start();
    const { add, redis, inspector, prefix } = bundle;
    await bundle.loseRedis();
    const begun = Date.now();
    await add("q", { options: { id: "late", delay: duration(60_000) } });
    await add("q", { options: { id: "soon", delay: duration(1) } });
    await add("q", { options: { id: "first", priority: 1, attempts: 7 } });
    await add("q", { options: { id: "plain" } });
    await add("q", { options: { id: "front", lifo: true, keepOnComplete: { count: 0 } } });
    await add("q", { options: { id: "one", deduplication: { id: "d" } } });
    await add("q", { options: { id: "two", deduplication: { id: "d" } } });
    const answered = Date.now();
    await sleep(300); // An outage that lasts longer than the delay of "soon".
    await redis.restart();
    await bundle.startDelivery();
    await untilDrained(bundle);
    expect(await bundle.waitingIds("q")).toEqual(["front", "soon", "plain", "one"]);
    expect(await inspector.zrange(`${prefix}:q:prioritized`, 0, -1)).toEqual(["first"]);
    const [id, score] = await inspector.zrange(`${prefix}:q:delayed`, 0, -1, "WITHSCORES");
    const due = Number(score) / 0x1000;
    expect(id).toBe("late");
    // Its delay began when it was taken, not when Redis was back.
    expect(due).toBeGreaterThanOrEqual(begun + 60_000 - 5);
    expect(due).toBeLessThan(answered + 60_000 + 250);
    const optionsOf = async (job: string) => JSON.parse((await inspector.hget(`${prefix}:q:${job}`, "opts")) ?? "");
    expect(await optionsOf("first")).toMatchObject({ attempts: 7, priority: 1, jobId: "first" });
    expect(await optionsOf("front")).toMatchObject({ removeOnComplete: true, lifo: true });
  });

  it("an id that is spooled twice is added once, and each other content under it becomes a dead letter", async () => {
    const bundle = await start();
    const { add, redis, pool, waitingIds } = bundle;
    await bundle.loseRedis();
    for (const dataJson of ["1", "1", "2", "3"]) {
      expect((await add("q", { dataJson, options: { id: "a" } })).outcome).toBe("OUTCOME_SPOOLED");
    }
    await redis.restart();
    await bundle.startDelivery();
    await untilDrained(bundle);
    expect(await waitingIds("q")).toEqual(["a"]);
    const { rows } = await pool.query(
      "SELECT kind, source, ref, content, reason, options FROM dead_letters ORDER BY content",
    );
    expect(rows).toMatchObject(["2", "3"].map((content) => ({ kind: 2, source: "q", ref: "a", content })));
    expect(rows[0].reason).toContain("is taken");
    expect(JSON.parse(rows[0].options)).toMatchObject({ name: "n", attempts: 3 });
  });

  it("more jobs than may wait are refused, and fit again after the drain", async () => {
    const bundle = await start({ env: { POSTA_QUEUE_MAX_SPOOLED: "10" } });
    const { add, client, redis } = bundle;
    await bundle.loseRedis();
    const jobs = Array.from({ length: 12 }, () => ({ name: "n" }));
    const { results } = await client.queue("AddJobs", { queue: "q", jobs });
    const outcomes = results.map(({ outcome, error }: { outcome: string; error: { code: number } | null }) => {
      return error?.code ?? outcome;
    });
    expect(outcomes).toEqual([...Array(10).fill("OUTCOME_SPOOLED"), code.resourceExhausted, code.resourceExhausted]);
    expect(await failureOf(add("q", {}))).toMatchObject({ code: code.resourceExhausted });
    const health = async () => (await client.call("grpc.health.v1.Health", "Check", {})).status;
    await expect.poll(health).toBe("NOT_SERVING");
    await redis.restart();
    await expect.poll(health).toBe("SERVING");
    await bundle.startDelivery();
    await untilDrained(bundle);
    expect(await bundle.waitingIds("q")).toHaveLength(10);
    await bundle.loseRedis();
    expect((await add("q", {})).outcome).toBe("OUTCOME_SPOOLED");
  });

  it("health says SERVING, and NOT_SERVING when PostgreSQL is gone too", async () => {
    const postgres = await startMigratedPostgres();
    releases.push(() => postgres.stop());
    const bundle = await start({ postgres });
    const { add, posta } = bundle;
    const health = async () => {
      const service = "posta.queue.v1.QueueService";
      return (await posta.client.call("grpc.health.v1.Health", "Check", { service })).status;
    };
    await bundle.loseRedis();
    expect(await health()).toBe("SERVING");
    expect((await add("q", {})).outcome).toBe("OUTCOME_SPOOLED");
    await postgres.kill();
    await expect.poll(health).toBe("NOT_SERVING");
    const failure = await failureOf(add("q", {}));
    expect(failure).toMatchObject({ code: code.unavailable, details: expect.stringContaining("nothing was done") });
    await postgres.restart();
    await expect.poll(health).toBe("SERVING");
    expect((await add("q", {})).outcome).toBe("OUTCOME_SPOOLED");
  });
});

describe("a PostgreSQL that has become read-only", () => {
  it("takes neither messages nor, without Redis, jobs; health says so until it takes them again", async () => {
    const postgres = await startMigratedPostgres();
    releases.push(() => postgres.stop());
    const bundle = await start({ postgres });
    const { add, posta, pool } = bundle;
    const health = async (service: string) =>
      (await posta.client.call("grpc.health.v1.Health", "Check", { service: `posta.${service}` })).status;
    const both = async () => [await health("queue.v1.QueueService"), await health("message.v1.MessageService")];
    const setReadOnly = async (is: "on" | "off") => {
      await pool.query("SET default_transaction_read_only = off");
      await pool.query(`ALTER SYSTEM SET default_transaction_read_only = ${is}`);
      await pool.query("SELECT pg_reload_conf()");
    };
    await expect.poll(both).toEqual(["SERVING", "SERVING"]);
    await setReadOnly("on");
    await expect.poll(both).toEqual(["SERVING", "NOT_SERVING"]);
    expect((await add("q", {})).outcome).toBe("OUTCOME_ADDED");
    await bundle.loseRedis();
    await expect.poll(both).toEqual(["NOT_SERVING", "NOT_SERVING"]);
    const failure = await failureOf(add("q", {}));
    expect(failure).toMatchObject({ code: code.unavailable, details: expect.stringContaining("nothing was done") });
    await setReadOnly("off");
    await expect.poll(both).toEqual(["SERVING", "SERVING"]);
    expect((await add("q", {})).outcome).toBe("OUTCOME_SPOOLED");
  });
});

describe("a Redis that is full", () => {
  it("has its jobs spooled, those with deduplication too", async () => {
    const bundle = await start();
    const { add, inspector } = bundle;
    await inspector.config("SET", "maxmemory", "1");
    for (const options of [{ id: "a" }, { id: "b", deduplication: { id: "k" } }, { id: "c" }]) {
      expect((await add("q", { options })).outcome).toBe("OUTCOME_SPOOLED");
    }
    await bundle.startDelivery();
    expect((await bundle.counts()).waiting).toBe(3);
    await inspector.config("SET", "maxmemory", "0");
    await untilDrained(bundle);
    expect(await bundle.waitingIds("q")).toEqual(["a", "b", "c"]);
  });
});

describe("queues whose names begin with posta-", () => {
  it("are looked at, but not added to", async () => {
    const { add, client } = await start();
    const refused = { code: code.invalidArgument, details: expect.stringContaining("reserved") };
    expect(await failureOf(add("posta-whatsapp-1", {}))).toMatchObject(refused);
    const jobs = [{ name: "n" }];
    expect(await failureOf(client.queue("AddJobs", { queue: "posta-x", jobs }))).toMatchObject(refused);
    expect(await failureOf(client.queue("GetQueue", { queue: "posta-x" }))).toMatchObject({ code: 5 });
    const stream = client.addStream();
    stream.write({ sequence: 1, queue: "posta-x", jobs });
    stream.end();
    const acks: object[] = [];
    for await (const response of stream) acks.push(...response.acks);
    expect(acks).toMatchObject([{ sequence: 1, results: [{ error: { code: code.invalidArgument } }] }]);
    expect((await add("postal", {})).outcome).toBe("OUTCOME_ADDED");
  });
});
