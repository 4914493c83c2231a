import { describe, expect, it } from "vitest";
import { useReleases } from "../support/releases.js";
import { createDeliveryFixture } from "./delivery-fixture.js";
import { setup } from "./service-setup.js";

const releases = useReleases();

describe("the id of the request that brought a message", () => {
  it("is kept with the message, where its caller gave one", async () => {
    const { send, sql, stop } = await setup();
    releases.push(stop);
    const { messageId: named } = await send({}, { metadata: { "x-request-id": `order-17${"x".repeat(200)}` } });
    const { messageId: nameless } = await send({});
    const rows = await sql("SELECT id, request_id FROM messages ORDER BY id");
    expect(rows).toEqual([
      { id: named, request_id: `order-17${"x".repeat(120)}` },
      { id: nameless, request_id: null },
    ]);
  });

  it("is in the line that tells how the message failed", async () => {
    const { insert, sql, openProcess, until, api, stop } = await createDeliveryFixture();
    releases.push(stop);
    api.faults.queue([{ kind: "error", code: 131026, details: "asked for" }]);
    const [messageId = ""] = await insert([{}]);
    await sql("UPDATE messages SET request_id = 'order-17' WHERE id = $1", [messageId]);
    const { warnings } = await openProcess();
    await until({ failed: 1 });
    expect(warnings).toEqual([
      expect.objectContaining({ messageId, requestId: "order-17", code: 131026, attempts: 1 }),
    ]);
  });
});
