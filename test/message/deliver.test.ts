import { afterEach, describe, expect, it } from "vitest";
import { createDeliveryFixture, type DeliveryFixture, type DeliveryFixtureOptions } from "./delivery-fixture.js";

let fixture: DeliveryFixture;
afterEach(() => fixture.stop());

async function open(options: DeliveryFixtureOptions = {}): Promise<DeliveryFixture> {
  fixture = await createDeliveryFixture(options);
  return fixture;
}

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
  });

  it("sends a thousand, each once", async () => {
    const { insert, until, taken, openProcess } = await open();
    const ids = await insert(Array.from({ length: 1000 }, (_, index) => ({ text: `${index}` })));
    await openProcess();
    await until({ accepted: 1000 }, 20_000);
    expect([...taken()].sort()).toEqual([...ids].sort());
  });
});
