import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { PostgresError } from "../../src/store/postgres/errors.js";
import type { PostgresStore } from "../../src/store/postgres/store.js";
import { createTemplate, startPostgres } from "../support/postgres.js";
import { startRedis } from "../support/redis.js";
import { useReleases } from "../support/releases.js";
import { createDeliveryFixture, type DeliveryFixture, type DeliveryFixtureOptions } from "./delivery-fixture.js";

let fixture: DeliveryFixture;
const releases = useReleases();
afterEach(async () => {
  await fixture.stop();
});

async function open(options: DeliveryFixtureOptions = {}): Promise<DeliveryFixture> {
  fixture = await createDeliveryFixture(options);
  return fixture;
}

/** A PostgreSQL that may be killed, with a database for the messages. */
async function ownPostgres() {
  const server = await startPostgres();
  releases.push(() => server.stop());
  await createTemplate(server);
  return { server, databaseUrl: server.url.replace("///postgres?", "///posta_template?") };
}

const many = Array.from({ length: 60 }, (_, index) => ({ to: `49151${10_000_000 + index}` }));

/** Fails once at a statement: before PostgreSQL has it, or before its answer is there. */
function loseOnce(postgres: PostgresStore, name: string, lost: "statement" | "answer"): () => number {
  const query = postgres.query.bind(postgres);
  let times = 0;
  postgres.query = async <Row extends object>(...[statement, values]: Parameters<PostgresStore["query"]>) => {
    if (statement.name !== name || times > 0) return query<Row>(statement, values);
    times += 1;
    if (lost === "answer") await query(statement, values);
    throw new PostgresError("unavailable", "the database was lost", new Error("lost"), 500, true);
  };
  return () => times;
}

describe("a process that is lost", () => {
  it("leaves messages of which nobody knows; they are unknown, or sent again by their policy", async () => {
    const { insert, until, openProcess, history, sql, changes, taken, outbox } = await open({
      times: { settleGraceMs: 1000 },
    });
    const lost = { status: "sending", ageMs: 60_000, moved: true } as const;
    const [unknown = "", again = ""] = await insert([lost, { ...lost, resend: true }]);
    const [recent = ""] = await insert([{ ...lost, ageMs: 20_000 }]); // A second less than what is lost.;
    await openProcess();
    await until({ unknown: 2, accepted: 1 });
    expect(await history(unknown)).toEqual(["queued", "unknown"]);
    expect(await history(again)).toEqual(["queued", "queued", "sending", "accepted"]);
    expect(await history(recent)).toEqual(["queued", "unknown"]);
    expect(taken()).toEqual([again]);
    const letters = await sql<{ ref: string; history: string }>("SELECT ref, history FROM dead_letters");
    expect(letters.map(({ ref }) => ref).sort()).toEqual([unknown, recent].sort());
    expect(JSON.parse(letters[0]?.history ?? "").map(({ status }: { status: string }) => status)).toEqual([
      "queued",
      "unknown",
    ]);
    expect(changes.map(({ status }) => status)).toContain("unknown");
    expect(await outbox()).toEqual([]);
  });

  it("may come back and tell: what WhatsApp took is accepted", async () => {
    const { insert, until, openProcess, holdAnswers, sql, history } = await open();
    const release = holdAnswers();
    await openProcess();
    const [id = ""] = await insert([{}]);
    await until({ sending: 1 });
    // As the sweep of a process that cannot see this one.
    await sql("UPDATE messages SET status = 25, claim = NULL");
    release();
    await until({ accepted: 1 });
    expect(await history(id)).toEqual(["queued", "sending", "accepted"]);
  });

  it("does not put back what another has claimed since", async () => {
    const { insert, until, openProcess, holdAnswers, api, sql, outbox } = await open();
    const release = holdAnswers();
    api.faults.queue([{ kind: "error", code: 131000 }]);
    const { stop } = await openProcess();
    await insert([{}]);
    await until({ sending: 1 });
    await sql("UPDATE messages SET claim = gen_random_uuid()");
    release();
    await stop(); // It settles what is under way.
    expect(await sql("SELECT FROM message_events")).toHaveLength(2);
    expect(await sql("SELECT status FROM messages")).toEqual([{ status: 20 }]);
    expect((await outbox())[0]?.turn).toBe(0);
  });

  it("never moves a message back from what a webhook has told", async () => {
    const { insert, until, openProcess, holdAnswers, api, sql, outbox } = await open();
    const release = holdAnswers();
    await openProcess();
    const [id = ""] = await insert([{}]);
    await expect.poll(() => api.ledger.of(id)).toHaveLength(1);
    await sql("UPDATE messages SET status = 50");
    release();
    await expect
      .poll(async () => (await sql<{ wamid: string }>("SELECT wamid FROM messages"))[0]?.wamid)
      .toBe(api.ledger.of(id)[0]?.wamid);
    await until({ delivered: 1 });
    expect(await outbox()).toEqual([]);
  });
});

describe("a PostgreSQL that is lost", () => {
  it.each(["statement", "answer"] as const)(
    "at a claim (its %s) sends nothing twice, and loses nothing",
    async (lost) => {
      const { insert, until, openProcess, taken } = await open();
      const { postgres } = await openProcess();
      const times = loseOnce(postgres, "claim-messages", lost);
      const ids = await insert(many);
      await until({ accepted: many.length });
      expect(times()).toBe(1);
      expect([...taken()].sort()).toEqual([...ids].sort());
    },
  );

  it.each(["statement", "answer"] as const)("at a settlement (its %s) has it again", async (lost) => {
    const { insert, until, openProcess, taken, sql } = await open();
    const { postgres } = await openProcess();
    const times = loseOnce(postgres, "settle-messages", lost);
    const ids = await insert(many);
    await until({ accepted: many.length });
    expect(times()).toBe(1);
    expect([...taken()].sort()).toEqual([...ids].sort());
    const events = "SELECT count(*) FROM message_events WHERE status = 30";
    expect(await sql(events)).toEqual([{ count: many.length }]);
  });

  it("by a crash, while messages are under way, is waited for", async () => {
    const { server, databaseUrl } = await ownPostgres();
    const { insert, until, openProcess, taken, api, sql } = await open({ databaseUrl });
    api.latency = 200;
    await openProcess();
    const ids = await insert(Array.from({ length: 300 }, (_, index) => ({ to: `49151${10_000_000 + index}` })));
    await expect.poll(() => api.ledger.entries.length, { interval: 5 }).toBeGreaterThan(60);
    await server.kill();
    await server.restart();
    await until({ accepted: 300 });
    expect([...taken()].sort()).toEqual([...ids].sort());
    expect(await sql("SELECT FROM dead_letters")).toEqual([]);
  });
});

describe("a Redis that is lost", () => {
  it("is waited for, and loses nothing; nor does one that forgot it all", async () => {
    const redis = await startRedis();
    releases.push(() => redis.stop());
    const { insert, until, openProcess, taken, api } = await open({
      redisUrl: redis.url,
      times: { forgottenAfterMs: 1000 },
    });
    api.latency = 100;
    await openProcess();
    const ids = await insert(Array.from({ length: 400 }, (_, index) => ({ to: `49151${10_000_000 + index}` })));
    await expect.poll(() => api.ledger.entries.length, { interval: 5 }).toBeGreaterThan(60);
    await redis.kill();
    await redis.restart();
    await fixture.redis.flushall().catch(() => fixture.redis.flushall());
    await until({ accepted: 400 });
    expect([...taken()].sort()).toEqual([...ids].sort());
  });
});

describe("a stop", () => {
  /** Who waited for all of it would take far longer than a busy machine does. */
  const patient = { POSTA_DRAIN_TIMEOUT: "60s" };

  it("lets what is under way be answered and settled, and leaves the rest to others", async () => {
    const { insert, until, openProcess, taken, api, count } = await open({ env: patient });
    api.latency = 300;
    const stopping = await openProcess();
    const ids = await insert(Array.from({ length: 300 }, (_, index) => ({ to: `49151${10_000_000 + index}` })));
    await expect.poll(() => api.ledger.entries.length, { interval: 5 }).toBeGreaterThan(40);
    const begun = Date.now();
    await stopping.stop();
    expect(Date.now() - begun).toBeLessThan(30_000);
    const { sending = 0, accepted = 0, queued = 0 } = await count();
    expect({ sending, all: accepted + queued }).toEqual({ sending: 0, all: 300 });
    expect(api.ledger.entries).toHaveLength(accepted);
    await openProcess();
    await until({ accepted: 300 });
    expect([...taken()].sort()).toEqual([...ids].sort());
  });

  it("waits for answers, and until they are settled, not for a Redis that is away", async () => {
    const [redis, { server, databaseUrl }] = await Promise.all([startRedis(), ownPostgres()]);
    releases.push(() => redis.stop());
    const { insert, openProcess, api, count } = await open({ redisUrl: redis.url, databaseUrl, env: patient });
    api.latency = 3000; // Longer than a stop waits for answers once the time to drain is over.
    const { stop } = await openProcess();
    await insert(many);
    await expect.poll(() => api.ledger.entries.length, { interval: 5 }).toBeGreaterThan(many.length / 2);
    await Promise.all([redis.kill(), server.kill()]);
    const begun = Date.now();
    const stopping = stop();
    await sleep(api.latency + 1500); // An outage that outlasts the answers.
    await server.restart();
    await stopping;
    expect(Date.now() - begun).toBeLessThan(30_000);
    await expect.poll(count).toMatchObject({ accepted: api.ledger.entries.length });
  });

  it("ends although Redis or PostgreSQL is away", async () => {
    const [redis, { server, databaseUrl }] = await Promise.all([startRedis(), ownPostgres()]);
    releases.push(() => redis.stop());
    const { insert, until, openProcess, api } = await open({
      redisUrl: redis.url,
      databaseUrl,
      env: { POSTA_DRAIN_TIMEOUT: "500ms" },
    });
    api.latency = 100;
    const { stop } = await openProcess();
    await insert(many);
    await until({ accepted: many.length });
    await insert(many);
    await expect.poll(() => api.ledger.entries.length, { interval: 5 }).toBeGreaterThan(many.length);
    await Promise.all([redis.kill(), server.kill()]);
    const begun = Date.now();
    await stop();
    expect(Date.now() - begun).toBeLessThan(15_000);
    await server.restart(); // For the fixture.
  });
});
