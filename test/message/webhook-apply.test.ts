import { Registry } from "prom-client";
import { uuidv7 } from "uuidv7";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DeliveryMetrics } from "../../src/message/delivery/delivery-metrics.js";
import { Settler } from "../../src/message/delivery/settle.js";
import { type Status, type StatusChange, statuses } from "../../src/message/record/status.js";
import { parseWebhook } from "../../src/message/webhook/body/webhook-body.js";
import type { InboundMessage } from "../../src/message/webhook/body/webhook-message.js";
import { OddityLog, type OtherPart } from "../../src/message/webhook/body/webhook-oddities.js";
import { keepStatement } from "../../src/message/webhook/inbound.js";
import { WebhookApplier } from "../../src/message/webhook/webhook-applier.js";
import { WebhookMetrics } from "../../src/message/webhook/webhook-metrics.js";
import type { PostgresStore } from "../../src/store/postgres/store.js";
import { createLog, type Logger } from "../../src/telemetry/log/log.js";
import { createDatabase } from "../support/postgres.js";
import { createRandom } from "../support/whatsapp/random.js";
import { openMessages, putMessages, readLetters, readMessage } from "./messages.js";
import { sender, statusOf, textFrom, undeliverable, webhookOf } from "./webhook-bodies.js";

const releases: (() => unknown)[] = [];
let stores: PostgresStore[];
let store: PostgresStore;
let changes: StatusChange[];
let inbound: InboundMessage[];
let others: OtherPart[];

/** One of several processes. */
function createApplier(on: PostgresStore) {
  const registry = new Registry();
  const record = {
    statuses: (told: readonly StatusChange[]) => void changes.push(...told),
    inbound: (told: InboundMessage[]) => void inbound.push(...told),
    other: (told: readonly OtherPart[]) => void others.push(...told),
  };
  const applier = new WebhookApplier(on, record, new WebhookMetrics(registry), createLog("test", "silent"));
  const metric = async (name: string) => (await registry.getSingleMetricAsString(name)).split("\n");
  return { applier, metric };
}

beforeAll(async () => {
  const database = await createDatabase();
  releases.push(() => database.drop());
  stores = [await openMessages(database.url), await openMessages(database.url)];
  for (const opened of stores) releases.push(() => opened.close());
  store = stores[0] as PostgresStore;
});
afterAll(async () => {
  for (const release of releases.reverse()) await release();
});
beforeEach(() => {
  changes = [];
  inbound = [];
  others = [];
});

const now = Math.floor(Date.now() / 1000);
const told = ["sent", "delivered", "read", "failed"] as const;
type Told = (typeof told)[number];

/** What WhatsApp tells of a step, each at a time of its own. */
function step(id: string, status: Told, wamid = `wamid.${id}`): object {
  const errors = status === "failed" ? { errors: [undeliverable] } : {};
  return webhookOf({ statuses: [statusOf({ id, wamid, status, seconds: now + told.indexOf(status), ...errors })] });
}

/** Every order of every subset: 64. */
function ordersOf(left: readonly Told[] = told): Told[][] {
  return left.flatMap((first) => {
    const rest = ordersOf(left.filter((other) => other !== first)).map((order) => [first, ...order]);
    return [[first], ...rest];
  });
}

/** The furthest of all. */
function highest(all: Status[]): Status {
  return all.reduce((most, status) => (statuses[status] > statuses[most] ? status : most));
}

function byNumber(steps: readonly Status[]): Status[] {
  return [...steps].sort((left, right) => statuses[left] - statuses[right]);
}

describe("what WhatsApp tells of a message", () => {
  it.each(["sending", "unknown", "accepted"] as const)(
    "ends in the right status from %s, in every order, with steps left out and each step told twice",
    async (begun) => {
      const orders = ordersOf();
      expect(orders).toHaveLength(64);
      const ids = await putMessages(store, orders.length, begun);
      const { applier } = createApplier(store);
      const tellAll = async (order: Told[], id: string) => {
        // The second time right after the first, and once more when all is over.
        for (const status of [...order.flatMap((status) => [status, status]), ...order]) {
          await applier.apply(step(id, status), new Date(), false);
        }
      };
      await Promise.all(orders.map((order, index) => tellAll(order, ids[index] as string)));
      for (const [index, order] of orders.entries()) {
        const id = ids[index] as string;
        const message = await readMessage(store, id);
        const end = highest(order);
        const at = new Date((now + told.indexOf(end as Told)) * 1000);
        expect(message, order.join()).toMatchObject({ status: end, wamid: `wamid.${id}`, status_at: at, outbox: 0 });
        expect(message.steps, order.join()).toEqual(byNumber(order));
        for (const { status, at } of message.events) {
          expect(at.getTime()).toBe((now + told.findIndex((step) => statuses[step] === status)) * 1000);
        }
        expect(message.error_code, order.join()).toBe(end === "failed" ? 131026 : null);
        const until = order.findIndex((status) => status === "delivered" || status === "read");
        const hasMoved = (until < 0 ? order : order.slice(0, until)).includes("failed");
        expect(await readLetters(store, id), order.join()).toHaveLength(hasMoved ? 1 : 0);
        expect(changes.filter(({ messageId }) => messageId === id).map(({ status }) => status)).toEqual(order);
      }
    },
  );

  it("is applied once by two processes that are told the same at the same time, in other orders", async () => {
    const ids = await putMessages(store, 60, "accepted", "wamid.one");
    const bodies = ids.flatMap((id) => told.map((status) => step(id, status, "wamid.one")));
    const [first, second] = stores.map(createApplier);
    const apply = (by: typeof first, order: object[]) =>
      Promise.all(order.map((body) => by?.applier.apply(body, new Date(), false)));
    await Promise.all([apply(first, bodies), apply(second, [...bodies].reverse()), apply(second, bodies)]);
    for (const id of ids) {
      const { status, steps } = await readMessage(store, id);
      expect([status, steps]).toEqual(["read", byNumber(told)]);
    }
    expect(new Set(changes.map(({ messageId, status }) => messageId + status)).size).toBe(240);
    expect(changes).toHaveLength(240);
  });

  it("may come in one body, with what it says twice", async () => {
    const [id = ""] = await putMessages(store, 1, "accepted");
    const steps = ["read", "sent", "read", "delivered"].map((status) =>
      statusOf({ id, wamid: "w", status, seconds: now }),
    );
    const { applier, metric } = createApplier(store);
    await applier.apply(webhookOf({ statuses: steps }), new Date(), true);
    expect(await readMessage(store, id)).toMatchObject({ status: "read", steps: ["sent", "delivered", "read"] });
    expect(changes.map(({ status }) => status)).toEqual(["read", "sent", "delivered"]);
    expect(changes[0]).toEqual({
      messageId: id,
      sender,
      recipient: "4915112345678",
      type: "text",
      status: "read",
      timeMs: now * 1000,
    });
    const counts = await metric("posta_webhook_statuses_total");
    expect(counts).toEqual(
      expect.arrayContaining([
        'posta_webhook_statuses_total{outcome="moved"} 1',
        'posta_webhook_statuses_total{outcome="late"} 2',
        'posta_webhook_statuses_total{outcome="repeated"} 1',
      ]),
    );
    expect(await metric("posta_webhook_status_lag_seconds")).toContain("posta_webhook_status_lag_seconds_count 3");
  });

  it.each([false, true])("may be more than goes into one batch; alone: %s", async (alone) => {
    const ids = await putMessages(store, 450, "accepted");
    const steps = ids.map((id) => statusOf({ id, wamid: `w${id}`, status: "delivered", seconds: now }));
    await createApplier(store).applier.apply(webhookOf({ statuses: steps }), new Date(), alone);
    expect(changes.map(({ messageId }) => messageId).sort()).toEqual([...ids].sort());
  });

  it("that it failed becomes a dead letter with the history", async () => {
    const [id = ""] = await putMessages(store, 1, "accepted", "wamid.f");
    const { applier } = createApplier(store);
    await applier.apply(step(id, "sent", "wamid.f"), new Date(), false);
    await applier.apply(step(id, "failed", "wamid.f"), new Date(), false);
    expect(await readMessage(store, id)).toMatchObject({
      status: "failed",
      error_code: 131026,
      error: "Message Undeliverable.",
    });
    const [letter] = await readLetters(store, id);
    expect(letter).toMatchObject({ kind: 1, source: sender, reason: "Message Undeliverable.", error_code: 131026 });
    const history = JSON.parse(letter?.history ?? "") as {
      status: string;
      error_code: number | null;
      detail: string;
    }[];
    expect(history.map(({ status }) => status).sort()).toEqual(["failed", "queued", "sent"]);
    expect(history.find(({ status }) => status === "failed")).toMatchObject({
      attempt: 0,
      error_code: 131026,
      detail: "Message Undeliverable.",
    });
  });

  it("that it failed does not undo a redrive when it is told again", async () => {
    const [id = ""] = await putMessages(store, 1, "accepted", "wamid.r");
    const { applier } = createApplier(store);
    await applier.apply(step(id, "failed", "wamid.r"), new Date(), false);
    await store.query({ name: "redrive", text: "UPDATE messages SET status = 10 WHERE id = $1" }, [id]);
    await applier.apply(step(id, "failed", "wamid.r"), new Date(), false);
    expect((await readMessage(store, id)).status).toBe("queued");
    expect(await readLetters(store, id)).toHaveLength(1);
  });

  it("of an earlier request does not fail a later one that was accepted", async () => {
    const [id = ""] = await putMessages(store, 1, "accepted", "wamid.second");
    const { applier } = createApplier(store);
    await applier.apply(step(id, "failed", "wamid.first"), new Date(), false);
    expect(await readMessage(store, id)).toMatchObject({
      status: "accepted",
      steps: ["failed"],
      wamid: "wamid.second",
    });
    await applier.apply(step(id, "delivered", "wamid.first"), new Date(), false);
    expect(await readMessage(store, id)).toMatchObject({ status: "delivered", wamid: "wamid.second" });
  });

  it("of an earlier request does not fail a later one that is accepted after it", async () => {
    const [id = ""] = await putMessages(store, 1, "sending");
    const claim = uuidv7();
    await store.query({ name: "claim", text: "UPDATE messages SET claim = $2 WHERE id = $1" }, [id, claim]);
    const { applier } = createApplier(store);
    await applier.apply(step(id, "failed", "wamid.first"), new Date(), false);
    const settler = new Settler(store, new DeliveryMetrics(new Registry()), () => {}, createLog("test", "silent"));
    await settler.settle({ id, claim, decision: { kind: "accepted", wamid: "wamid.second" } });
    expect(await readMessage(store, id)).toMatchObject({ status: "accepted", wamid: "wamid.second" });
    await applier.apply(step(id, "sent", "wamid.second"), new Date(), false);
    expect(await readMessage(store, id)).toMatchObject({ status: "sent", wamid: "wamid.second" });
  });

  it("of a request that failed does not undo a redrive, however late it is told that it was sent", async () => {
    const [id = ""] = await putMessages(store, 1, "accepted", "wamid.r");
    const { applier } = createApplier(store);
    await applier.apply(step(id, "failed", "wamid.r"), new Date(), false);
    await store.query({ name: "redrive-late", text: "UPDATE messages SET status = 10, wamid = NULL WHERE id = $1" }, [
      id,
    ]);
    await applier.apply(step(id, "sent", "wamid.r"), new Date(), false);
    expect(await readMessage(store, id)).toMatchObject({ status: "queued", steps: ["sent", "failed"] });
    // That it reached somebody is worth more than that it failed.
    await applier.apply(step(id, "delivered", "wamid.r"), new Date(), false);
    expect(await readMessage(store, id)).toMatchObject({ status: "delivered", wamid: "wamid.r" });
  });

  it("of a second request counts though the first one failed, also of one that nobody knows to be accepted", async () => {
    const [id = ""] = await putMessages(store, 1, "sending");
    const { applier } = createApplier(store);
    await applier.apply(step(id, "failed", "wamid.first"), new Date(), false);
    expect(await readMessage(store, id)).toMatchObject({ status: "failed", wamid: "wamid.first" });
    await applier.apply(step(id, "sent", "wamid.first"), new Date(), false);
    expect(await readMessage(store, id)).toMatchObject({ status: "failed", wamid: "wamid.first" });
    await applier.apply(step(id, "sent", "wamid.second"), new Date(), false);
    expect(await readMessage(store, id)).toMatchObject({ status: "sent", wamid: "wamid.second", error_code: null });
    await applier.apply(step(id, "failed", "wamid.third"), new Date(), false);
    expect(await readMessage(store, id)).toMatchObject({ status: "sent", wamid: "wamid.second" });
  });

  it("of two requests may come at once: that one was sent counts, that the other failed does not", async () => {
    const [both = "", one = ""] = await putMessages(store, 2, "unknown");
    const told = (id: string, status: string, wamid: string) => ({ id, wamid, status, seconds: now });
    const statuses = [
      told(both, "failed", "wamid.first"),
      told(both, "sent", "wamid.second"),
      told(one, "failed", `wamid.${one}`),
      told(one, "sent", `wamid.${one}`),
    ].map(statusOf);
    await createApplier(store).applier.apply(webhookOf({ statuses }), new Date(), false);
    expect(await readMessage(store, both)).toMatchObject({ status: "sent", wamid: "wamid.second" });
    expect(await readMessage(store, one)).toMatchObject({ status: "failed", wamid: `wamid.${one}` });
    expect(await readLetters(store, both)).toHaveLength(0);
  });

  describe("without the request's id", () => {
    const without = (id: string, ...statuses: Told[]) =>
      webhookOf({
        statuses: statuses.map((status) => ({
          ...statusOf({ id, wamid: "", status, seconds: now, errors: [undeliverable] }),
          id: undefined,
        })),
      });
    const tell = (...bodies: object[]) =>
      bodies.reduce<Promise<unknown>>(
        (before, body) => before.then(() => createApplier(store).applier.apply(body, new Date(), false)),
        Promise.resolve(),
      );

    it.each(["accepted", "sent"] as const)("that it failed counts of one request that was %s", async (begun) => {
      const [id = ""] = await putMessages(store, 1, begun, "wamid.only");
      await tell(step(id, "sent", "wamid.only"), without(id, "failed"), step(id, "failed", "wamid.only"));
      expect(await readMessage(store, id)).toMatchObject({ status: "failed", wamid: "wamid.only", error_code: 131026 });
      expect((await readMessage(store, id)).steps).toEqual(["sent", "failed"]);
      expect(await readLetters(store, id)).toHaveLength(1);
      expect(changes.map(({ status }) => status)).toEqual(["sent", "failed"]);
    });

    it("it is the same step as with the id, also in one body", async () => {
      const [id = ""] = await putMessages(store, 1, "accepted", "wamid.only");
      const withId = statusOf({ id, wamid: "wamid.only", status: "failed", seconds: now, errors: [undeliverable] });
      const { applier, metric } = createApplier(store);
      await applier.apply(webhookOf({ statuses: [withId, { ...withId, id: undefined }] }), new Date(), false);
      expect(await readMessage(store, id)).toMatchObject({ status: "failed", steps: ["failed"] });
      expect(changes.map(({ status }) => status)).toEqual(["failed"]);
      expect(await metric("posta_webhook_statuses_total")).toContain(
        'posta_webhook_statuses_total{outcome="repeated"} 1',
      );
    });

    it("that it was sent does not undo the failure of the one request", async () => {
      const [id = ""] = await putMessages(store, 1, "accepted", "wamid.only");
      await tell(step(id, "failed", "wamid.only"), without(id, "sent"));
      expect(await readMessage(store, id)).toMatchObject({ status: "failed", steps: ["sent", "failed"] });
    });

    it("that it failed does not count of a message that has had several requests", async () => {
      const [id = ""] = await putMessages(store, 1, "accepted", "wamid.second");
      await tell(step(id, "failed", "wamid.first"), without(id, "failed"));
      expect(await readMessage(store, id)).toMatchObject({ status: "accepted", wamid: "wamid.second" });
      expect(await readLetters(store, id)).toEqual([]);
    });

    it("that it failed does not undo a redrive when it is told again, before and after the next request", async () => {
      const [id = ""] = await putMessages(store, 1, "accepted", "wamid.first");
      await tell(without(id, "failed"));
      const redriven = "UPDATE messages SET status = 10, wamid = NULL WHERE id = $1";
      await store.query({ name: "redrive-unknown", text: redriven }, [id]);
      await tell(without(id, "failed"));
      expect((await readMessage(store, id)).status).toBe("queued");
      const again = "UPDATE messages SET status = 30, wamid = 'wamid.second' WHERE id = $1";
      await store.query({ name: "accept-again", text: again }, [id]);
      await tell(without(id, "failed"));
      expect(await readMessage(store, id)).toMatchObject({ status: "accepted", wamid: "wamid.second" });
      expect(await readLetters(store, id)).toHaveLength(1);
    });
  });

  it("and what becomes of attempts are written side by side, in whatever order, and wait for each other in none", async () => {
    const failures: unknown[] = [];
    const watch = (on: PostgresStore): PostgresStore =>
      Object.assign(Object.create(on), {
        query: (...args: Parameters<PostgresStore["query"]>) =>
          on.query(...args).catch((error) => {
            failures.push(error);
            throw error;
          }),
      });
    const [first, second] = stores.map((on) => watch(on as PostgresStore)) as [PostgresStore, PostgresStore];
    const settler = new Settler(first, new DeliveryMetrics(new Registry()), () => {}, createLog("test", "silent"));
    const { applier } = createApplier(second);
    const ids = await putMessages(store, 100, "sending");
    const claims = ids.map(() => uuidv7());
    const claim =
      "UPDATE messages SET status = 20, claim = k.claim FROM unnest($1::uuid[], $2::uuid[]) AS k (id, claim) WHERE messages.id = k.id";
    for (let round = 0; round < 30; round += 1) {
      await store.query({ name: "claim-all", text: claim }, [ids, claims]);
      const settled = ids.map((id, at) => ({ id, claim: claims[at] as string })).reverse();
      const statuses = ids.map((id) => statusOf({ id, wamid: `w${round}-${id}`, status: "sent", seconds: now }));
      await Promise.all([
        ...settled.map((one) => settler.settle({ ...one, decision: { kind: "accepted", wamid: `w${round}` } })),
        applier.apply(webhookOf({ statuses }), new Date(), false),
      ]);
    }
    expect(failures).toEqual([]);
  });

  it.each(["cancelled", "expired"] as const)("is true even of one that was %s", async (given) => {
    const [id = ""] = await putMessages(store, 1, given);
    await createApplier(store).applier.apply(step(id, "read"), new Date(), false);
    expect(await readMessage(store, id)).toMatchObject({ status: "read", steps: ["read"], outbox: 0 });
  });

  it.each(["failed", "delivered"] as const)("may be faster than the API's answer: %s", async (status) => {
    const [id = ""] = await putMessages(store, 1, "sending");
    const claim = uuidv7();
    await store.query({ name: "claim", text: "UPDATE messages SET claim = $2 WHERE id = $1" }, [id, claim]);
    await createApplier(store).applier.apply(step(id, status), new Date(), false);
    const before = await readMessage(store, id);
    const settler = new Settler(store, new DeliveryMetrics(new Registry()), () => {}, createLog("test", "silent"));
    await settler.settle({ id, claim, decision: { kind: "accepted", wamid: `wamid.${id}` } });
    const steps = byNumber(["accepted", status]);
    expect(await readMessage(store, id)).toMatchObject({ ...before, steps, events: expect.any(Array) });
    expect(await readLetters(store, id)).toHaveLength(status === "failed" ? 1 : 0);
  });

  it("settles one of which nothing else is known yet, so that it is not sent again", async () => {
    const [id = ""] = await putMessages(store, 1, "queued");
    await createApplier(store).applier.apply(step(id, "sent"), new Date(), false);
    expect(await readMessage(store, id)).toMatchObject({ status: "sent", outbox: 0, wamid: `wamid.${id}` });
  });

  it.each([undefined, "order 66"])("is applied without Posta's id where its wamid is known: %s", async (data) => {
    const [now1 = "", told1 = ""] = await putMessages(store, 2, "accepted", `wamid.now-${data}`);
    const { applier, metric } = createApplier(store);
    await store.query({ name: "other", text: "UPDATE messages SET wamid = NULL WHERE id = $1" }, [told1]);
    await applier.apply(step(told1, "sent", `wamid.told-${data}`), new Date(), false);
    await store.query({ name: "other", text: "UPDATE messages SET wamid = NULL WHERE id = $1" }, [told1]);
    const statuses = [`wamid.now-${data}`, `wamid.told-${data}`, "wamid.of-another"].map((wamid) =>
      statusOf({ id: data, wamid, status: "failed", seconds: now, errors: [undeliverable] }),
    );
    await applier.apply(webhookOf({ statuses }), new Date(), false);
    for (const id of [now1, told1]) {
      expect((await readMessage(store, id)).status).toBe("failed");
      expect(await readLetters(store, id)).toHaveLength(1);
    }
    expect(await metric("posta_webhook_skipped_total")).toContain(
      'posta_webhook_skipped_total{reason="foreign-status"} 1',
    );
    expect(others).toEqual([]);
  });

  it("is skipped and counted where the message is not Posta's", async () => {
    const { applier, metric } = createApplier(store);
    const foreign = [
      statusOf({ id: undefined, wamid: "w1", status: "sent", seconds: now }),
      statusOf({ id: "order 66", wamid: "w2", status: "sent", seconds: now }),
      statusOf({ id: "019e0000-0000-7000-8000-000000000000", wamid: "w3", status: "sent", seconds: now }),
    ];
    await applier.apply(webhookOf({ statuses: foreign }), new Date(), false);
    expect(changes).toEqual([]);
    expect(await metric("posta_webhook_skipped_total")).toContain(
      'posta_webhook_skipped_total{reason="foreign-status"} 2',
    );
    expect(await metric("posta_webhook_statuses_total")).toContain(
      'posta_webhook_statuses_total{outcome="no-message"} 1',
    );
  });
});

describe("what people write", () => {
  const count = {
    name: "count-inbound",
    text: "SELECT count(*)::integer AS count FROM inbound_messages WHERE wamid = $1",
  };
  const countOf = async (wamid: string) => (await store.query<{ count: number }>(count, [wamid]))[0]?.count;

  it("is kept once, however often and by however many processes it is told", async () => {
    const body = webhookOf({ messages: [textFrom("4915199999999", "wamid.in", now, "Grüße\u0000 \ud83d\ude00")] });
    const appliers = stores.map(createApplier);
    const times = [1, 2, 3].flatMap(() => appliers.map(({ applier }) => applier.apply(body, new Date(), false)));
    await Promise.all(times);
    expect(await countOf("wamid.in")).toBe(1);
    expect(inbound).toHaveLength(1);
    expect(inbound[0]).toMatchObject({ sender, contact: "4915199999999", type: "text", at: new Date(now * 1000) });
    const read = {
      name: "read-inbound",
      text: "SELECT sender, contact, at, body FROM inbound_messages WHERE wamid = $1",
    };
    const [row] = await store.query<{ sender: string; contact: string; at: Date; body: string }>(read, ["wamid.in"]);
    expect(row).toMatchObject({ sender, contact: "4915199999999", at: new Date(now * 1000) });
    expect(JSON.parse(row?.body ?? "")).toEqual(textFrom("4915199999999", "wamid.in", now, "Grüße\u0000 \ud83d\ude00"));
  });

  it.each([
    ["long past", 0],
    ["far ahead", 253_402_300_799],
  ])("with a time that is %s is kept once too, by the time at which it came", async (what, seconds) => {
    const wamid = `wamid.${what}`;
    const body = webhookOf({ messages: [textFrom("4915199999999", wamid, seconds)] });
    const { applier } = createApplier(store);
    const receivedAt = new Date(now * 1000);
    for (const alone of [false, true]) await applier.apply(body, receivedAt, alone);
    expect(await countOf(wamid)).toBe(1);
    expect(inbound.map(({ at }) => at)).toEqual([receivedAt]);
  });

  it("without a time is kept once, however often WhatsApp sends it again", async () => {
    const message = { ...textFrom("4915199999999", "wamid.undated", now), timestamp: undefined };
    const { applier } = createApplier(store);
    const times = [0, 60_000, 3_600_000].map((ms) => new Date(now * 1000 + ms));
    for (const receivedAt of times) await applier.apply(webhookOf({ messages: [message] }), receivedAt, false);
    expect(await countOf("wamid.undated")).toBe(1);
    expect(inbound.map(({ at }) => at)).toEqual([times[0]]);
  });

  it("is looked up by an index in each month if it has no time", async () => {
    const { text } = keepStatement;
    const explain = { name: "explain-keep", text: `EXPLAIN (ANALYZE, FORMAT TEXT) ${text}` };
    const rows = await store.query<{ "QUERY PLAN": string }>(explain, [
      ["wamid.a"],
      [sender],
      ["1"],
      [new Date()],
      ["{}"],
      [true],
    ]);
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan).toMatch(/One-Time Filter/);
    expect(plan).not.toMatch(/Seq Scan on inbound_messages(?!.*never executed)/);
  });
});

describe("a part that PostgreSQL does not take", () => {
  it("keeps no other part of its webhook from being applied", async () => {
    const [id = ""] = await putMessages(store, 1, "accepted");
    const check = "ALTER TABLE inbound_messages ADD CONSTRAINT no_poison CHECK (wamid <> 'wamid.poison')";
    await store.query({ name: "poison", text: check }, []);
    const messages = ["wamid.before", "wamid.poison", "wamid.after"].map((wamid) => textFrom("49151", wamid, now));
    const statuses = [statusOf({ id, wamid: `wamid.${id}`, status: "read", seconds: now })];
    const applying = createApplier(store).applier.apply(webhookOf({ messages, statuses }), new Date(), true);
    await expect(applying).rejects.toThrow();
    await store.query({ name: "heal", text: "ALTER TABLE inbound_messages DROP CONSTRAINT no_poison" }, []);
    expect(inbound.map(({ wamid }) => wamid)).toEqual(["wamid.before", "wamid.after"]);
    expect((await readMessage(store, id)).status).toBe("read");
  });
});

describe("what Posta does not understand", () => {
  it("is recorded and counted, and does not keep what stands beside it from being applied", async () => {
    const [id = ""] = await putMessages(store, 1, "accepted", "wamid.known");
    const of = (status: string) => statusOf({ id, wamid: "wamid.known", status, seconds: now });
    const bodies = [
      webhookOf({ statuses: [of("played"), { ...of("delivered"), id: undefined, timestamp: undefined }] }),
      { entry: [{ changes: [{ field: "account_update", value: {} }] }] },
    ];
    const { applier, metric } = createApplier(store);
    for (const body of bodies) await applier.apply(body, new Date(), false);
    // A stand-in for the request's id is none.
    expect(await readMessage(store, id)).toMatchObject({ status: "delivered", wamid: "wamid.known" });
    expect(others.map(({ kind }) => kind)).toEqual(["status.played", "field.account_update"]);
    const skipped = await metric("posta_webhook_skipped_total");
    for (const reason of ["other-status", "other-field"]) {
      expect(skipped).toContain(`posta_webhook_skipped_total{reason="${reason}"} 1`);
    }
    const odd = await metric("posta_webhook_odd_fields_total");
    for (const field of ["status.id", "status.timestamp"]) {
      expect(odd).toContain(`posta_webhook_odd_fields_total{field="${field}"} 1`);
    }
  });

  it.each([false, true])("is kept as it came, once; alone: %s", async (alone) => {
    const of = (status: unknown) => ({
      ...statusOf({ id: uuidv7(), wamid: "w", status: "sent", seconds: now }),
      status,
    });
    const change = { field: "account_update", value: { event: `E-${alone}` } };
    const parts: [string, unknown, object][] = [
      ["other-status.played", of("played"), {}],
      ["other-status.unknown", of(40), {}],
      ["other-malformed.status", `status-${alone}`, {}],
    ].map(([wamid, part]) => [wamid as string, part, webhookOf({ statuses: [part] })]);
    parts.push(["other-field.account_update", change, { entry: [{ changes: [change] }] }]);
    parts.push(["other-malformed.entry", `entry-${alone}`, { entry: [`entry-${alone}`] }]);
    parts.push(["other-malformed.change", [alone], { entry: [{ changes: [[alone]] }] }]);
    const bodies: unknown[] = [null, 7, `a text-${alone}`, [alone, 1], { object: "page", alone }];
    const tooMany = webhookOf({ statuses: Array.from({ length: 1001 }, (_, index) => `${alone} ${index}`) });
    for (const body of [...bodies, tooMany]) parts.push(["other-malformed.body", body, body as object]);
    const { applier } = createApplier(store);
    const times = [new Date(), new Date(Date.now() + 60_000)];
    for (const receivedAt of times) for (const [, , body] of parts) await applier.apply(body, receivedAt, alone);
    const text = "SELECT wamid FROM inbound_messages WHERE body = $1 AND contact = 'unknown'";
    for (const [wamid, part] of parts) {
      const rows = await store.query<{ wamid: string }>({ name: "read-part", text }, [JSON.stringify(part)]);
      expect(rows, JSON.stringify(part)).toEqual([{ wamid: expect.stringMatching(`^${wamid}-[0-9a-f]{64}$`) }]);
    }
    expect(inbound).toEqual([]);
  });

  it("never makes a webhook fail, whatever stands where", async () => {
    const [id = ""] = await putMessages(store, 1, "accepted");
    const random = createRandom(11);
    const odd = [
      null,
      true,
      -1,
      0,
      1e30,
      2 ** 53,
      "",
      " ",
      "\0",
      "\ud800",
      "9".repeat(400),
      [],
      {},
      [[]],
      { a: [null] },
    ];
    const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item;
    /** A copy in which a few values are others, or are missing. */
    function spoil(value: unknown): unknown {
      if (random() < 0.06) return pick(odd);
      if (Array.isArray(value)) return value.map(spoil);
      if (typeof value !== "object" || value === null) return value;
      const kept = Object.entries(value).filter(() => random() > 0.03);
      return Object.fromEntries(kept.map(([key, inner]) => [key, spoil(inner)]));
    }
    const errors = [undeliverable];
    const statuses = told.map((status) => statusOf({ id, wamid: `wamid.${id}`, status, seconds: now, errors }));
    const messages = [textFrom("49151", "wamid.odd", now), { id: "wamid.s", type: "system", system: { user_id: "X" } }];
    const sound = webhookOf({ statuses, messages });
    const { applier, metric } = createApplier(store);
    for (let round = 0; round < 300; round += 1) {
      const body = JSON.parse(JSON.stringify(spoil(sound) ?? null));
      await applier.apply(body, new Date(), round % 2 === 0);
    }
    expect(inbound.length).toBeGreaterThan(20);
    expect((await metric("posta_webhook_odd_fields_total")).length).toBeGreaterThan(8);
    expect((await readMessage(store, id)).status).toBe("read");
  });

  it("is logged once per kind, without what it says", () => {
    const lines: object[] = [];
    const log = new OddityLog({ warn: (line: object) => lines.push(line) } as unknown as Logger);
    const told = { status: "played", seconds: now, id: uuidv7(), wamid: "w" };
    const noName = { ...textFrom("", "wamid.x", now, "a secret") };
    const body = webhookOf({ statuses: [statusOf(told), statusOf(told)], messages: [noName, noName] });
    for (let times = 0; times < 3; times += 1) log.tell(parseWebhook(body, new Date()).oddities);
    expect(lines).toEqual([{ kind: "message.from" }, { kind: "status.played" }]);
  });
});
