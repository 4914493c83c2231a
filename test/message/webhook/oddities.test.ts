import { uuidv7 } from "uuidv7";
import { describe, expect, it } from "vitest";
import { parseWebhook } from "../../../src/message/webhook/body/webhook-body.js";
import { OddityLog } from "../../../src/message/webhook/body/webhook-oddities.js";
import type { Logger } from "../../../src/telemetry/log/log.js";
import { createRandom } from "../../support/whatsapp/random.js";
import { putMessages, readMessage } from "../messages.js";
import { statusOf, textFrom, undeliverable, webhookOf } from "../webhook-bodies.js";
import { now, reported, useAppliers } from "./applier-fixture.js";

const appliers = useAppliers();

describe("what Posta does not understand", () => {
  it("is recorded and counted, and does not keep what stands beside it from being applied", async () => {
    const [id = ""] = await putMessages(appliers.store, 1, "accepted", "wamid.known");
    const of = (status: string) => statusOf({ id, wamid: "wamid.known", status, seconds: now });
    const bodies = [
      webhookOf({ statuses: [of("played"), { ...of("delivered"), id: undefined, timestamp: undefined }] }),
      { entry: [{ changes: [{ field: "account_update", value: {} }] }] },
    ];
    const { applier, metric } = appliers.create(appliers.store);
    for (const body of bodies) await applier.apply(body, new Date(), false);
    // A stand-in for the request's id is none.
    expect(await readMessage(appliers.store, id)).toMatchObject({ status: "delivered", wamid: "wamid.known" });
    expect(appliers.others.map(({ kind }) => kind)).toEqual(["status.played", "field.account_update"]);
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
    const { applier } = appliers.create(appliers.store);
    const times = [new Date(), new Date(Date.now() + 60_000)];
    for (const receivedAt of times) for (const [, , body] of parts) await applier.apply(body, receivedAt, alone);
    const text = "SELECT wamid FROM inbound_messages WHERE body = $1 AND contact = 'unknown'";
    for (const [wamid, part] of parts) {
      const rows = await appliers.store.query<{ wamid: string }>({ name: "read-part", text }, [JSON.stringify(part)]);
      expect(rows, JSON.stringify(part)).toEqual([{ wamid: expect.stringMatching(`^${wamid}-[0-9a-f]{64}$`) }]);
    }
    expect(appliers.inbound).toEqual([]);
  });

  it("never makes a webhook fail, whatever stands where", async () => {
    const [id = ""] = await putMessages(appliers.store, 1, "accepted");
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
    const statuses = reported.map((status) => statusOf({ id, wamid: `wamid.${id}`, status, seconds: now, errors }));
    const messages = [textFrom("49151", "wamid.odd", now), { id: "wamid.s", type: "system", system: { user_id: "X" } }];
    const sound = webhookOf({ statuses, messages });
    const { applier, metric } = appliers.create(appliers.store);
    for (let round = 0; round < 300; round += 1) {
      const body = JSON.parse(JSON.stringify(spoil(sound) ?? null));
      await applier.apply(body, new Date(), round % 2 === 0);
    }
    expect(appliers.inbound.length).toBeGreaterThan(20);
    expect((await metric("posta_webhook_odd_fields_total")).length).toBeGreaterThan(8);
    expect((await readMessage(appliers.store, id)).status).toBe("read");
  });

  it("is logged once per kind, without what it says", () => {
    const lines: object[] = [];
    const log = new OddityLog({ warn: (line: object) => lines.push(line) } as unknown as Logger);
    const told = { status: "played", seconds: now, id: uuidv7(), wamid: "w" };
    const noName = { ...textFrom("", "wamid.x", now, "a secret") };
    const body = webhookOf({ statuses: [statusOf(told), statusOf(told)], messages: [noName, noName] });
    for (let times = 0; times < 3; times += 1) log.log(parseWebhook(body, new Date()).oddities);
    expect(lines).toEqual([{ kind: "message.from" }, { kind: "status.played" }]);
  });
});
