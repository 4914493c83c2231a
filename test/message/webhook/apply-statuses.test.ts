import { describe, expect, it } from "vitest";
import { type Status, statuses } from "../../../src/message/record/status.js";
import { putMessages, readLetters, readMessage } from "../messages.js";
import { sender, statusOf, textFrom, undeliverable, webhookOf } from "../webhook-bodies.js";
import { byNumber, now, type Reported, reported, step, useAppliers } from "./applier-fixture.js";

const appliers = useAppliers();

/** Every order of every subset: 64. */
function ordersOf(left: readonly Reported[] = reported): Reported[][] {
  return left.flatMap((first) => {
    const rest = ordersOf(left.filter((other) => other !== first)).map((order) => [first, ...order]);
    return [[first], ...rest];
  });
}

/** The furthest of all. */
function highest(all: Status[]): Status {
  return all.reduce((most, status) => (statuses[status] > statuses[most] ? status : most));
}

describe("a status that WhatsApp reports", () => {
  it.each(["sending", "unknown", "accepted"] as const)(
    "ends in the right status from %s, in every order, with steps left out and each step told twice",
    async (begun) => {
      const orders = ordersOf();
      expect(orders).toHaveLength(64);
      const ids = await putMessages(appliers.store, orders.length, begun);
      const { applier } = appliers.create(appliers.store);
      const tellAll = async (order: Reported[], id: string) => {
        // The second time right after the first, and once more when all is over.
        for (const status of [...order.flatMap((status) => [status, status]), ...order]) {
          await applier.apply(step(id, status), new Date(), false);
        }
      };
      await Promise.all(orders.map((order, index) => tellAll(order, ids[index] as string)));
      for (const [index, order] of orders.entries()) {
        const id = ids[index] as string;
        const message = await readMessage(appliers.store, id);
        const end = highest(order);
        const at = new Date((now + reported.indexOf(end as Reported)) * 1000);
        expect(message, order.join()).toMatchObject({ status: end, wamid: `wamid.${id}`, status_at: at, outbox: 0 });
        expect(message.steps, order.join()).toEqual(byNumber(order));
        for (const { status, at } of message.events) {
          expect(at.getTime()).toBe((now + reported.findIndex((step) => statuses[step] === status)) * 1000);
        }
        expect(message.error_code, order.join()).toBe(end === "failed" ? 131026 : null);
        const until = order.findIndex((status) => status === "delivered" || status === "read");
        const hasMoved = (until < 0 ? order : order.slice(0, until)).includes("failed");
        expect(await readLetters(appliers.store, id), order.join()).toHaveLength(hasMoved ? 1 : 0);
        expect(appliers.changes.filter(({ messageId }) => messageId === id).map(({ status }) => status)).toEqual(order);
      }
    },
  );

  it("is applied once by two processes that are told the same at the same time, in other orders", async () => {
    const ids = await putMessages(appliers.store, 60, "accepted", "wamid.one");
    const bodies = ids.flatMap((id) => reported.map((status) => step(id, status, "wamid.one")));
    const [first, second] = appliers.stores.map(appliers.create);
    const apply = (by: typeof first, order: object[]) =>
      Promise.all(order.map((body) => by?.applier.apply(body, new Date(), false)));
    await Promise.all([apply(first, bodies), apply(second, [...bodies].reverse()), apply(second, bodies)]);
    for (const id of ids) {
      const { status, steps } = await readMessage(appliers.store, id);
      expect([status, steps]).toEqual(["read", byNumber(reported)]);
    }
    expect(new Set(appliers.changes.map(({ messageId, status }) => messageId + status)).size).toBe(240);
    expect(appliers.changes).toHaveLength(240);
  });

  it("may come in one body, with what it says twice", async () => {
    const [id = ""] = await putMessages(appliers.store, 1, "accepted");
    const steps = ["read", "sent", "read", "delivered"].map((status) =>
      statusOf({ id, wamid: "w", status, seconds: now }),
    );
    const { applier, metric } = appliers.create(appliers.store);
    await applier.apply(webhookOf({ statuses: steps }), new Date(), true);
    expect(await readMessage(appliers.store, id)).toMatchObject({
      status: "read",
      steps: ["sent", "delivered", "read"],
    });
    expect(appliers.changes.map(({ status }) => status)).toEqual(["read", "sent", "delivered"]);
    expect(appliers.changes[0]).toEqual({
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
    const ids = await putMessages(appliers.store, 450, "accepted");
    const steps = ids.map((id) => statusOf({ id, wamid: `w${id}`, status: "delivered", seconds: now }));
    await appliers.create(appliers.store).applier.apply(webhookOf({ statuses: steps }), new Date(), alone);
    expect(appliers.changes.map(({ messageId }) => messageId).sort()).toEqual([...ids].sort());
  });

  it("that it failed becomes a dead letter with the history", async () => {
    const [id = ""] = await putMessages(appliers.store, 1, "accepted", "wamid.f");
    const { applier } = appliers.create(appliers.store);
    await applier.apply(step(id, "sent", "wamid.f"), new Date(), false);
    await applier.apply(step(id, "failed", "wamid.f"), new Date(), false);
    expect(await readMessage(appliers.store, id)).toMatchObject({
      status: "failed",
      error_code: 131026,
      error: "Message Undeliverable.",
    });
    const [letter] = await readLetters(appliers.store, id);
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

  it.each(["cancelled", "expired"] as const)("is true even of one that was %s", async (given) => {
    const [id = ""] = await putMessages(appliers.store, 1, given);
    await appliers.create(appliers.store).applier.apply(step(id, "read"), new Date(), false);
    expect(await readMessage(appliers.store, id)).toMatchObject({ status: "read", steps: ["read"], outbox: 0 });
  });

  it("settles one of which nothing else is known yet, so that it is not sent again", async () => {
    const [id = ""] = await putMessages(appliers.store, 1, "queued");
    await appliers.create(appliers.store).applier.apply(step(id, "sent"), new Date(), false);
    expect(await readMessage(appliers.store, id)).toMatchObject({ status: "sent", outbox: 0, wamid: `wamid.${id}` });
  });

  it.each([undefined, "order 66"])("is applied without Posta's id where its wamid is known: %s", async (data) => {
    const [now1 = "", told1 = ""] = await putMessages(appliers.store, 2, "accepted", `wamid.now-${data}`);
    const { applier, metric } = appliers.create(appliers.store);
    await appliers.store.query({ name: "other", text: "UPDATE messages SET wamid = NULL WHERE id = $1" }, [told1]);
    await applier.apply(step(told1, "sent", `wamid.told-${data}`), new Date(), false);
    await appliers.store.query({ name: "other", text: "UPDATE messages SET wamid = NULL WHERE id = $1" }, [told1]);
    const statuses = [`wamid.now-${data}`, `wamid.told-${data}`, "wamid.of-another"].map((wamid) =>
      statusOf({ id: data, wamid, status: "failed", seconds: now, errors: [undeliverable] }),
    );
    await applier.apply(webhookOf({ statuses }), new Date(), false);
    for (const id of [now1, told1]) {
      expect((await readMessage(appliers.store, id)).status).toBe("failed");
      expect(await readLetters(appliers.store, id)).toHaveLength(1);
    }
    expect(await metric("posta_webhook_skipped_total")).toContain(
      'posta_webhook_skipped_total{reason="foreign-status"} 1',
    );
    expect(appliers.others).toEqual([]);
  });

  it("is skipped and counted where the message is not Posta's", async () => {
    const { applier, metric } = appliers.create(appliers.store);
    const foreign = [
      statusOf({ id: undefined, wamid: "w1", status: "sent", seconds: now }),
      statusOf({ id: "order 66", wamid: "w2", status: "sent", seconds: now }),
      statusOf({ id: "019e0000-0000-7000-8000-000000000000", wamid: "w3", status: "sent", seconds: now }),
    ];
    await applier.apply(webhookOf({ statuses: foreign }), new Date(), false);
    expect(appliers.changes).toEqual([]);
    expect(await metric("posta_webhook_skipped_total")).toContain(
      'posta_webhook_skipped_total{reason="foreign-status"} 2',
    );
    expect(await metric("posta_webhook_statuses_total")).toContain(
      'posta_webhook_statuses_total{outcome="no-message"} 1',
    );
  });
});
describe("a part that PostgreSQL does not take", () => {
  it("keeps no other part of its webhook from being applied", async () => {
    const [id = ""] = await putMessages(appliers.store, 1, "accepted");
    const check = "ALTER TABLE inbound_messages ADD CONSTRAINT no_poison CHECK (wamid <> 'wamid.poison')";
    await appliers.store.query({ name: "poison", text: check }, []);
    const messages = ["wamid.before", "wamid.poison", "wamid.after"].map((wamid) => textFrom("49151", wamid, now));
    const statuses = [statusOf({ id, wamid: `wamid.${id}`, status: "read", seconds: now })];
    const applying = appliers.create(appliers.store).applier.apply(webhookOf({ messages, statuses }), new Date(), true);
    await expect(applying).rejects.toThrow();
    await appliers.store.query({ name: "heal", text: "ALTER TABLE inbound_messages DROP CONSTRAINT no_poison" }, []);
    expect(appliers.inbound.map(({ wamid }) => wamid)).toEqual(["wamid.before", "wamid.after"]);
    expect((await readMessage(appliers.store, id)).status).toBe("read");
  });
});
