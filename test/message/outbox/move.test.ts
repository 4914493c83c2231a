import { afterEach, describe, expect, it } from "vitest";
import {
  createDeliveryFixture,
  type DeliveryFixture,
  type DeliveryFixtureOptions,
  sender,
} from "../delivery-fixture.js";

let fixture: DeliveryFixture;
afterEach(() => fixture.stop());

async function open(options: DeliveryFixtureOptions = {}): Promise<DeliveryFixture> {
  fixture = await createDeliveryFixture(options);
  return fixture;
}

const forgetful = { times: { forgottenAfterMs: 300 } };
const many = Array.from({ length: 50 }, () => ({}));

describe("the outbox", () => {
  it("is moved again by whoever follows a process that died before it had marked what it moved", async () => {
    const { insert, until, openProcess, taken, outbox, redis, prefix, api } = await open({
      env: { POSTA_WHATSAPP_TIMEOUT: "20s" },
    });
    api.latency = 900;
    const dying = await openProcess();
    const query = dying.postgres.query.bind(dying.postgres);
    let added = 0;
    dying.postgres.query = async (statement, values) => {
      if (statement.name !== "mark-outbox-moved") return query(statement, values);
      added += 1;
      throw new Error("the process died");
    };
    const ids = await insert(many);
    await expect.poll(() => redis.hget(`${prefix}:posta-whatsapp-${sender}:${ids[49]}-0`, "name")).toBe("send");
    await expect.poll(() => added).toBeGreaterThan(1); // It did the same twice.
    expect((await outbox()).filter(({ moved_at }) => moved_at)).toEqual([]);
    await dying.stop();
    api.latency = 0;
    await openProcess();
    await until({ accepted: 50 });
    expect([...taken()].sort()).toEqual([...ids].sort());
  });

  it("of one number is moved while Redis cannot take that of another", async () => {
    const { insert, until, openProcess, redis, prefix } = await open({
      env: { POSTA_WHATSAPP_SENDERS: `${sender},55555` },
    });
    await redis.set(`${prefix}:posta-whatsapp-${sender}:prioritized`, "no sorted set");
    await openProcess();
    await insert([{ sender: "55555" }]);
    await until({ accepted: 1 });
  });

  it("is moved again where Redis has forgotten it", async () => {
    const { insert, until, openProcess, taken, sql, prefix, redis } = await open(forgetful);
    const ids = await insert(many.map(() => ({ moved: true, ageMs: 100 })));
    await openProcess();
    await until({ accepted: 50 });
    expect([...taken()].sort()).toEqual([...ids].sort());
    const again = await insert(many);
    await redis.keys(`${prefix}:*`).then((keys) => redis.del(keys));
    await until({ accepted: 100 });
    expect([...taken()].sort()).toEqual([...ids, ...again].sort());
    expect(await sql("SELECT FROM outbox")).toEqual([]);
  });

  it("is moved twice where it is slow, and sent once", async () => {
    const { insert, until, openProcess, taken, api } = await open({
      ...forgetful,
      env: { POSTA_MESSAGE_CONCURRENCY: "2" },
    });
    api.latency = 300;
    await openProcess();
    const ids = await insert(many);
    await until({ accepted: 50 });
    expect([...taken()].sort()).toEqual([...ids].sort());
  });

  it("loses rows for which nothing is left to do", async () => {
    const { insert, openProcess, outbox, sql } = await open(forgetful);
    const [told, gone] = await insert([{ moved: true, ageMs: 100 }, { ageMs: 100 }]);
    await sql("UPDATE messages SET status = 40 WHERE id = $1", [told]);
    await sql("DELETE FROM messages WHERE id = $1", [gone]);
    await openProcess();
    await expect.poll(outbox).toEqual([]);
  });

  it("has one leader, and another when that is gone", async () => {
    const { insert, until, openProcess, sql } = await open();
    const first = await openProcess();
    await insert([{}]);
    await until({ accepted: 1 });
    const second = await openProcess();
    await openProcess();
    const holders = () =>
      sql(`SELECT DISTINCT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE locktype = 'advisory' AND objid = 4 AND datname = current_database()`);
    expect(await holders()).toHaveLength(1);
    await first.stop();
    await insert([{}]);
    await until({ accepted: 2 });
    await second.stop();
    await insert([{}]);
    await until({ accepted: 3 });
    expect(await holders()).toHaveLength(1);
  });

  it("is left alone where its number is not in the settings", async () => {
    const { insert, until, openProcess, outbox } = await open();
    await openProcess();
    await insert([{ sender: "999999" }, {}]);
    await until({ accepted: 1, queued: 1 });
    expect((await outbox()).map(({ moved_at }) => moved_at)).toEqual([null]);
  });

  it("forgets idempotency keys that are old enough", async () => {
    const { openProcess, sql } = await open({ env: { POSTA_MESSAGE_KEY_WINDOW: "1h" } });
    await sql(`INSERT INTO message_keys (sender, key, message_id, digest, created_at)
      SELECT '1', 'key' || n, gen_random_uuid(), '', now() - n * interval '1 s' FROM generate_series(3590, 6000) AS n`);
    await openProcess();
    const keys = () => sql("SELECT FROM message_keys");
    await expect.poll(async () => (await keys()).length).toBeLessThan(12);
    expect((await keys()).length).toBeGreaterThan(0);
  });

  it("is measured", async () => {
    const { insert, openProcess, until } = await open({ env: { POSTA_WHATSAPP_SENDERS: `${sender},55555` } });
    await insert([{ ageMs: -60_000 }, { ageMs: -60_000, sender: "55555" }, { ageMs: -30_000, moved: true }]);
    await insert([{ sender: "55555", ageMs: 90_000 }]);
    const { metrics } = await openProcess();
    await until({ accepted: 1, queued: 3 });
    const depth = async () => (await metrics.metrics()).match(/^posta_outbox.*/gm);
    const rows = ['waiting"} 2', 'moved"} 1'].map((row) => `posta_outbox_messages{state="${row}`);
    await expect.poll(depth).toEqual(expect.arrayContaining(rows));
  });

  it("is measured for numbers that no host sends from, too", async () => {
    const { insert, openProcess, until } = await open();
    await insert([{ sender: "77777" }, { sender: "77777" }, { sender: "99999" }, {}]);
    const { metrics } = await openProcess();
    await until({ accepted: 1, queued: 3 });
    const read = async (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(await metrics.metrics())?.[1]);
    await expect.poll(() => read("posta_outbox_stranded_messages"), { timeout: 10_000 }).toBe(3);
    expect(await read("posta_outbox_oldest_due_seconds")).toBeGreaterThan(0);
  });
});
