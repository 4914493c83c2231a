import { Registry } from "prom-client";
import { uuidv7 } from "uuidv7";
import { describe, expect, it } from "vitest";
import { DeliveryMetrics } from "../../../src/message/delivery/delivery-metrics.js";
import { Settler } from "../../../src/message/delivery/settle.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { putMessages, readLetters, readMessage } from "../messages.js";
import { statusOf, undeliverable, webhookOf } from "../webhook-bodies.js";
import { now, type Reported, step, useAppliers } from "./applier-fixture.js";

const appliers = useAppliers();

describe("a status of one of several requests", () => {
  it("that it failed does not undo a redrive when it is told again", async () => {
    const [id = ""] = await putMessages(appliers.store, 1, "accepted", "wamid.r");
    const { applier } = appliers.create(appliers.store);
    await applier.apply(step(id, "failed", "wamid.r"), new Date(), false);
    await appliers.store.query({ name: "redrive", text: "UPDATE messages SET status = 10 WHERE id = $1" }, [id]);
    await applier.apply(step(id, "failed", "wamid.r"), new Date(), false);
    expect((await readMessage(appliers.store, id)).status).toBe("queued");
    expect(await readLetters(appliers.store, id)).toHaveLength(1);
  });

  it("of an earlier request does not fail a later one that was accepted", async () => {
    const [id = ""] = await putMessages(appliers.store, 1, "accepted", "wamid.second");
    const { applier } = appliers.create(appliers.store);
    await applier.apply(step(id, "failed", "wamid.first"), new Date(), false);
    expect(await readMessage(appliers.store, id)).toMatchObject({
      status: "accepted",
      steps: ["failed"],
      wamid: "wamid.second",
    });
    await applier.apply(step(id, "delivered", "wamid.first"), new Date(), false);
    expect(await readMessage(appliers.store, id)).toMatchObject({ status: "delivered", wamid: "wamid.second" });
  });

  it("of an earlier request does not fail a later one that is accepted after it", async () => {
    const [id = ""] = await putMessages(appliers.store, 1, "sending");
    const claim = uuidv7();
    await appliers.store.query({ name: "claim", text: "UPDATE messages SET claim = $2 WHERE id = $1" }, [id, claim]);
    const { applier } = appliers.create(appliers.store);
    await applier.apply(step(id, "failed", "wamid.first"), new Date(), false);
    const settler = new Settler(
      appliers.store,
      new DeliveryMetrics(new Registry()),
      () => {},
      createLog("test", "silent"),
    );
    await settler.settle({ id, claim, decision: { kind: "accepted", wamid: "wamid.second" } });
    expect(await readMessage(appliers.store, id)).toMatchObject({ status: "accepted", wamid: "wamid.second" });
    await applier.apply(step(id, "sent", "wamid.second"), new Date(), false);
    expect(await readMessage(appliers.store, id)).toMatchObject({ status: "sent", wamid: "wamid.second" });
  });

  it("of a request that failed does not undo a redrive, however late it is told that it was sent", async () => {
    const [id = ""] = await putMessages(appliers.store, 1, "accepted", "wamid.r");
    const { applier } = appliers.create(appliers.store);
    await applier.apply(step(id, "failed", "wamid.r"), new Date(), false);
    await appliers.store.query(
      { name: "redrive-late", text: "UPDATE messages SET status = 10, wamid = NULL WHERE id = $1" },
      [id],
    );
    await applier.apply(step(id, "sent", "wamid.r"), new Date(), false);
    expect(await readMessage(appliers.store, id)).toMatchObject({ status: "queued", steps: ["sent", "failed"] });
    // That it reached somebody is worth more than that it failed.
    await applier.apply(step(id, "delivered", "wamid.r"), new Date(), false);
    expect(await readMessage(appliers.store, id)).toMatchObject({ status: "delivered", wamid: "wamid.r" });
  });

  it("of a second request counts though the first one failed, also of one that nobody knows to be accepted", async () => {
    const [id = ""] = await putMessages(appliers.store, 1, "sending");
    const { applier } = appliers.create(appliers.store);
    await applier.apply(step(id, "failed", "wamid.first"), new Date(), false);
    expect(await readMessage(appliers.store, id)).toMatchObject({ status: "failed", wamid: "wamid.first" });
    await applier.apply(step(id, "sent", "wamid.first"), new Date(), false);
    expect(await readMessage(appliers.store, id)).toMatchObject({ status: "failed", wamid: "wamid.first" });
    await applier.apply(step(id, "sent", "wamid.second"), new Date(), false);
    expect(await readMessage(appliers.store, id)).toMatchObject({
      status: "sent",
      wamid: "wamid.second",
      error_code: null,
    });
    await applier.apply(step(id, "failed", "wamid.third"), new Date(), false);
    expect(await readMessage(appliers.store, id)).toMatchObject({ status: "sent", wamid: "wamid.second" });
  });

  it("of two requests may come at once: that one was sent counts, that the other failed does not", async () => {
    const [both = "", one = ""] = await putMessages(appliers.store, 2, "unknown");
    const told = (id: string, status: string, wamid: string) => ({ id, wamid, status, seconds: now });
    const statuses = [
      told(both, "failed", "wamid.first"),
      told(both, "sent", "wamid.second"),
      told(one, "failed", `wamid.${one}`),
      told(one, "sent", `wamid.${one}`),
    ].map(statusOf);
    await appliers.create(appliers.store).applier.apply(webhookOf({ statuses }), new Date(), false);
    expect(await readMessage(appliers.store, both)).toMatchObject({ status: "sent", wamid: "wamid.second" });
    expect(await readMessage(appliers.store, one)).toMatchObject({ status: "failed", wamid: `wamid.${one}` });
    expect(await readLetters(appliers.store, both)).toHaveLength(0);
  });

  describe("without the request's id", () => {
    const without = (id: string, ...statuses: Reported[]) =>
      webhookOf({
        statuses: statuses.map((status) => ({
          ...statusOf({ id, wamid: "", status, seconds: now, errors: [undeliverable] }),
          id: undefined,
        })),
      });
    const tell = (...bodies: object[]) =>
      bodies.reduce<Promise<unknown>>(
        (before, body) => before.then(() => appliers.create(appliers.store).applier.apply(body, new Date(), false)),
        Promise.resolve(),
      );

    it.each(["accepted", "sent"] as const)("that it failed counts of one request that was %s", async (begun) => {
      const [id = ""] = await putMessages(appliers.store, 1, begun, "wamid.only");
      await tell(step(id, "sent", "wamid.only"), without(id, "failed"), step(id, "failed", "wamid.only"));
      expect(await readMessage(appliers.store, id)).toMatchObject({
        status: "failed",
        wamid: "wamid.only",
        error_code: 131026,
      });
      expect((await readMessage(appliers.store, id)).steps).toEqual(["sent", "failed"]);
      expect(await readLetters(appliers.store, id)).toHaveLength(1);
      expect(appliers.changes.map(({ status }) => status)).toEqual(["sent", "failed"]);
    });

    it("it is the same step as with the id, also in one body", async () => {
      const [id = ""] = await putMessages(appliers.store, 1, "accepted", "wamid.only");
      const withId = statusOf({ id, wamid: "wamid.only", status: "failed", seconds: now, errors: [undeliverable] });
      const { applier, metric } = appliers.create(appliers.store);
      await applier.apply(webhookOf({ statuses: [withId, { ...withId, id: undefined }] }), new Date(), false);
      expect(await readMessage(appliers.store, id)).toMatchObject({ status: "failed", steps: ["failed"] });
      expect(appliers.changes.map(({ status }) => status)).toEqual(["failed"]);
      expect(await metric("posta_webhook_statuses_total")).toContain(
        'posta_webhook_statuses_total{outcome="repeated"} 1',
      );
    });

    it("that it was sent does not undo the failure of the one request", async () => {
      const [id = ""] = await putMessages(appliers.store, 1, "accepted", "wamid.only");
      await tell(step(id, "failed", "wamid.only"), without(id, "sent"));
      expect(await readMessage(appliers.store, id)).toMatchObject({ status: "failed", steps: ["sent", "failed"] });
    });

    it("that it failed does not count of a message that has had several requests", async () => {
      const [id = ""] = await putMessages(appliers.store, 1, "accepted", "wamid.second");
      await tell(step(id, "failed", "wamid.first"), without(id, "failed"));
      expect(await readMessage(appliers.store, id)).toMatchObject({ status: "accepted", wamid: "wamid.second" });
      expect(await readLetters(appliers.store, id)).toEqual([]);
    });

    it("that it failed does not undo a redrive when it is told again, before and after the next request", async () => {
      const [id = ""] = await putMessages(appliers.store, 1, "accepted", "wamid.first");
      await tell(without(id, "failed"));
      const redriven = "UPDATE messages SET status = 10, wamid = NULL WHERE id = $1";
      await appliers.store.query({ name: "redrive-unknown", text: redriven }, [id]);
      await tell(without(id, "failed"));
      expect((await readMessage(appliers.store, id)).status).toBe("queued");
      const again = "UPDATE messages SET status = 30, wamid = 'wamid.second' WHERE id = $1";
      await appliers.store.query({ name: "accept-again", text: again }, [id]);
      await tell(without(id, "failed"));
      expect(await readMessage(appliers.store, id)).toMatchObject({ status: "accepted", wamid: "wamid.second" });
      expect(await readLetters(appliers.store, id)).toHaveLength(1);
    });
  });
});
