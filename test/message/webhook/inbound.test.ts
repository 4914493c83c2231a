import { describe, expect, it } from "vitest";
import { keepStatement } from "../../../src/message/webhook/inbound.js";
import { sender, textFrom, webhookOf } from "../webhook-bodies.js";
import { now, useAppliers } from "./applier-fixture.js";

const appliers = useAppliers();

describe("what people write", () => {
  const count = {
    name: "count-inbound",
    text: "SELECT count(*)::integer AS count FROM inbound_messages WHERE wamid = $1",
  };
  const countOf = async (wamid: string) => (await appliers.store.query<{ count: number }>(count, [wamid]))[0]?.count;

  it("is kept once, however often and by however many processes it is told", async () => {
    const body = webhookOf({ messages: [textFrom("4915199999999", "wamid.in", now, "Grüße\u0000 \ud83d\ude00")] });
    const both = appliers.stores.map(appliers.create);
    const times = [1, 2, 3].flatMap(() => both.map(({ applier }) => applier.apply(body, new Date(), false)));
    await Promise.all(times);
    expect(await countOf("wamid.in")).toBe(1);
    expect(appliers.inbound).toHaveLength(1);
    expect(appliers.inbound[0]).toMatchObject({
      sender,
      contact: "4915199999999",
      type: "text",
      at: new Date(now * 1000),
    });
    const read = {
      name: "read-inbound",
      text: "SELECT sender, contact, at, body FROM inbound_messages WHERE wamid = $1",
    };
    const [row] = await appliers.store.query<{ sender: string; contact: string; at: Date; body: string }>(read, [
      "wamid.in",
    ]);
    expect(row).toMatchObject({ sender, contact: "4915199999999", at: new Date(now * 1000) });
    expect(JSON.parse(row?.body ?? "")).toEqual(textFrom("4915199999999", "wamid.in", now, "Grüße\u0000 \ud83d\ude00"));
  });

  it.each([
    ["long past", 0],
    ["far ahead", 253_402_300_799],
  ])("with a time that is %s is kept once too, by the time at which it came", async (what, seconds) => {
    const wamid = `wamid.${what}`;
    const body = webhookOf({ messages: [textFrom("4915199999999", wamid, seconds)] });
    const { applier } = appliers.create(appliers.store);
    const receivedAt = new Date(now * 1000);
    for (const alone of [false, true]) await applier.apply(body, receivedAt, alone);
    expect(await countOf(wamid)).toBe(1);
    expect(appliers.inbound.map(({ at }) => at)).toEqual([receivedAt]);
  });

  it("without a time is kept once, however often WhatsApp sends it again", async () => {
    const message = { ...textFrom("4915199999999", "wamid.undated", now), timestamp: undefined };
    const { applier } = appliers.create(appliers.store);
    const times = [0, 60_000, 3_600_000].map((ms) => new Date(now * 1000 + ms));
    for (const receivedAt of times) await applier.apply(webhookOf({ messages: [message] }), receivedAt, false);
    expect(await countOf("wamid.undated")).toBe(1);
    expect(appliers.inbound.map(({ at }) => at)).toEqual([times[0]]);
  });

  it("is looked up by an index in each month if it has no time", async () => {
    const { text } = keepStatement;
    const explain = { name: "explain-keep", text: `EXPLAIN (ANALYZE, FORMAT TEXT) ${text}` };
    const rows = await appliers.store.query<{ "QUERY PLAN": string }>(explain, [
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
