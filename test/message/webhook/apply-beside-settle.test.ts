import { Registry } from "prom-client";
import { uuidv7 } from "uuidv7";
import { describe, expect, it } from "vitest";
import { DeliveryMetrics } from "../../../src/message/delivery/delivery-metrics.js";
import { Settler } from "../../../src/message/delivery/settle.js";
import type { PostgresStore } from "../../../src/store/postgres/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { putMessages, readLetters, readMessage } from "../messages.js";
import { statusOf, webhookOf } from "../webhook-bodies.js";
import { byNumber, now, step, useAppliers } from "./applier-fixture.js";

const appliers = useAppliers();

describe("what WhatsApp reports of a message that is being sent", () => {
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
    const [first, second] = appliers.stores.map((on) => watch(on as PostgresStore)) as [PostgresStore, PostgresStore];
    const settler = new Settler(first, new DeliveryMetrics(new Registry()), () => {}, createLog("test", "silent"));
    const { applier } = appliers.create(second);
    const ids = await putMessages(appliers.store, 100, "sending");
    const claims = ids.map(() => uuidv7());
    const claim =
      "UPDATE messages SET status = 20, claim = k.claim FROM unnest($1::uuid[], $2::uuid[]) AS k (id, claim) WHERE messages.id = k.id";
    for (let round = 0; round < 150; round += 1) {
      await appliers.store.query({ name: "claim-all", text: claim }, [ids, claims]);
      const settled = ids.map((id, at) => ({ id, claim: claims[at] as string })).reverse();
      const statuses = ids.map((id) => statusOf({ id, wamid: `w${round}-${id}`, status: "sent", seconds: now }));
      await Promise.all([
        ...settled.map((one) => settler.settle({ ...one, decision: { kind: "accepted", wamid: `w${round}` } })),
        applier.apply(webhookOf({ statuses }), new Date(), false),
      ]);
    }
    expect(failures).toEqual([]);
  });

  it.each(["failed", "delivered"] as const)("may be faster than the API's answer: %s", async (status) => {
    const [id = ""] = await putMessages(appliers.store, 1, "sending");
    const claim = uuidv7();
    await appliers.store.query({ name: "claim", text: "UPDATE messages SET claim = $2 WHERE id = $1" }, [id, claim]);
    await appliers.create(appliers.store).applier.apply(step(id, status), new Date(), false);
    const before = await readMessage(appliers.store, id);
    const settler = new Settler(
      appliers.store,
      new DeliveryMetrics(new Registry()),
      () => {},
      createLog("test", "silent"),
    );
    await settler.settle({ id, claim, decision: { kind: "accepted", wamid: `wamid.${id}` } });
    const steps = byNumber(["accepted", status]);
    expect(await readMessage(appliers.store, id)).toMatchObject({ ...before, steps, events: expect.any(Array) });
    expect(await readLetters(appliers.store, id)).toHaveLength(status === "failed" ? 1 : 0);
  });
});
