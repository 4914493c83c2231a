import { setTimeout as sleep } from "node:timers/promises";
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

/** One request at a time: so the order of the jobs is that of the requests. */
const oneAtATime = { POSTA_MESSAGE_CONCURRENCY: "1" };

describe("the delivery", () => {
  it("sends what is due, once, and says so", async () => {
    const { insert, until, history, changes, sql, api, openProcess } = await open();
    await openProcess();
    const [id = ""] = await insert([{ text: "first" }]);
    await until({ accepted: 1 });
    expect(api.ledger.of(id)).toHaveLength(1);
    expect(await history(id)).toEqual(["queued", "sending", "accepted"]);
    const [row] = await sql("SELECT attempts, wamid, claim, error FROM messages");
    expect(row).toEqual({ attempts: 1, wamid: api.ledger.entries[0]?.wamid, claim: null, error: null });
    expect(await fixture.outbox()).toEqual([]);
    expect(changes.map(({ status }) => status)).toEqual(["sending", "accepted"]);
    expect(changes[1]).toMatchObject({ messageId: id, sender, recipient: "4915112345678", type: "text" });
  });

  it("sends a thousand, each once, and leaves nothing in Redis but the queue's own keys", async () => {
    const { insert, until, taken, openProcess, redis, prefix } = await open();
    const ids = await insert(Array.from({ length: 1000 }, (_, index) => ({ text: `${index}` })));
    await openProcess();
    await until({ accepted: 1000 });
    expect([...taken()].sort()).toEqual([...ids].sort());
    const jobs = () => redis.keys(`${prefix}:posta-whatsapp-${sender}:*-*-*-*-*-*`);
    await expect.poll(jobs).toEqual([]);
  });

  it("keeps the order, the more urgent first", async () => {
    const { insert, until, taken, openProcess } = await open({ env: oneAtATime });
    const low = await insert(Array.from({ length: 30 }, () => ({ priority: 10, ageMs: 1000 })));
    const normal = await insert(Array.from({ length: 30 }, () => ({})));
    const critical = await insert(Array.from({ length: 30 }, () => ({ priority: 1 })));
    await openProcess();
    await until({ accepted: 90 });
    const order = taken();
    // Which the worker saw first, while the others were still being moved, is no matter.
    const without = (ids: string[]) => order.filter((id) => ids.includes(id as string));
    expect([critical, normal, low].map(without)).toEqual([critical, normal, low]);
    expect(order.slice(-20)).toEqual(low.slice(-20));
  });

  it("lets an urgent message pass a backlog that is longer than the queue may be", async () => {
    const { insert, openProcess, taken, api } = await open({ env: { POSTA_MESSAGE_CONCURRENCY: "2" } });
    api.latency = 5;
    await insert(Array.from({ length: 2600 }, () => ({ priority: 10, ageMs: 1000 })));
    await openProcess();
    await expect.poll(() => taken().length, { interval: 5 }).toBeGreaterThan(0);
    const [urgent = ""] = await insert([{ priority: 1 }]);
    await expect.poll(() => api.ledger.of(urgent).length, { interval: 5 }).toBe(1);
    expect(taken().indexOf(urgent)).toBeLessThan(1000);
  });

  it("sends nothing before its time", async () => {
    const { insert, until, openProcess, sql } = await open();
    await openProcess();
    await insert([{ ageMs: -1500 }]);
    await insert([{}]);
    await until({ accepted: 2 });
    const begun = await sql(
      "SELECT at < send_at AS early FROM message_events JOIN messages ON id = message_id WHERE message_events.status = 20",
    );
    expect(begun).toEqual([{ early: false }, { early: false }]);
  });

  it("sends nothing that was cancelled, nor what expired while it waited for its job or its time", async () => {
    const { insert, until, openProcess, taken, history, outbox, sql, changes } = await open({ env: oneAtATime });
    const [cancelled] = await insert([{}]);
    await sql("UPDATE messages SET status = 27 WHERE id = $1", [cancelled]);
    const [late = ""] = await insert([{ expiresInMs: -1 }]);
    // Nobody would look at this one for an hour.
    const [waiting = ""] = await insert([{ ageMs: -3_600_000, expiresInMs: -1 }]);
    await openProcess();
    const [good] = await insert([{ expiresInMs: 60_000 }]);
    await until({ accepted: 1, cancelled: 1, expired: 2 });
    expect(taken()).toEqual([good]);
    expect(await history(late)).toEqual(["queued", "expired"]);
    expect(await history(waiting)).toEqual(["queued", "expired"]);
    const expired = changes.filter(({ status }) => status === "expired").map(({ messageId }) => messageId);
    expect(expired.sort()).toEqual([late, waiting].sort());
    expect((await outbox()).map(({ message_id }) => message_id)).toEqual([cancelled]);
  });

  it("shares the work among processes, and repeats none of it", async () => {
    const { insert, until, openProcess, taken, api } = await open();
    api.latency = 20;
    const processes = [await openProcess(), await openProcess()];
    const ids = await insert(Array.from({ length: 1000 }, () => ({})));
    await until({ accepted: 1000 });
    expect([...taken()].sort()).toEqual([...ids].sort());
    for (const { metrics } of processes) {
      const text = await metrics.metrics();
      const [, sent = 0] = /posta_message_outcomes_total\{status="accepted",code=""\} (\d+)/.exec(text) ?? [];
      expect(Number(sent)).toBeGreaterThan(100);
    }
  });

  it("writes down the answer that a stop has waited for, however short the time to drain", async () => {
    const { insert, until, openProcess, holdAnswers, taken } = await open({ env: { POSTA_DRAIN_TIMEOUT: "500ms" } });
    const release = holdAnswers();
    const { stop } = await openProcess();
    await insert([{}]);
    await until({ sending: 1 });
    const stopping = stop();
    await sleep(1000); // The time to drain is over.
    release();
    await stopping;
    await until({ accepted: 1 });
    expect(taken()).toHaveLength(1);
  });

  it("keeps messages queued where there is no token, and says what to set", async () => {
    const { insert, openProcess, count, history } = await open({ env: { POSTA_WHATSAPP_TOKEN: "" } });
    const { warnings } = await openProcess();
    await insert([{}]);
    const [late = ""] = await insert([{ expiresInMs: -1 }]);
    await expect.poll(() => history(late)).toEqual(["queued", "expired"]);
    expect(await count()).toEqual({ queued: 1, expired: 1 });
    expect(warnings).toEqual([expect.stringMatching(/POSTA_WHATSAPP_TOKEN: is not set/)]);
  });
});
