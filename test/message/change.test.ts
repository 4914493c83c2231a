import { status } from "@grpc/grpc-js";
import { uuidv7 } from "uuidv7";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf } from "../support/client.js";
import { type Bundle, setup } from "./service-setup.js";

let bundle: Bundle;
beforeAll(async () => {
  bundle = await setup();
});
afterAll(() => bundle.stop());

const cancel = (messageId: string) => bundle.call("CancelMessage", { messageId });
const get = (messageId: string) => bundle.call("GetMessage", { messageId });
const outboxOf = (id: string) => bundle.sql("SELECT * FROM outbox WHERE message_id = $1", [id]);
const stepsOf = async (id: string) =>
  (await get(id)).history.map(({ status: step }: { status: string }) => step.replace("MESSAGE_STATUS_", ""));

describe("CancelMessage", () => {
  it("keeps a queued message from being sent, and says so in its history", async () => {
    const { messageId } = await bundle.send();
    expect(await cancel(messageId)).toEqual({});
    expect(await outboxOf(messageId)).toEqual([]);
    expect((await get(messageId)).message.status).toBe("MESSAGE_STATUS_CANCELLED");
    expect(await stepsOf(messageId)).toEqual(["QUEUED", "CANCELLED"]);
  });

  it("comes too late for what is not queued any more", async () => {
    const { messageId } = await bundle.send();
    await bundle.sql("UPDATE messages SET status = 20 WHERE id = $1", [messageId]);
    const error = await failureOf(cancel(messageId));
    expect(error.code).toBe(status.FAILED_PRECONDITION);
    expect(error.details).toBe("the message is SENDING, and no longer QUEUED");
    expect(await outboxOf(messageId)).toHaveLength(1);
    expect(await stepsOf(messageId)).toEqual(["QUEUED"]);
  });

  it("names what is missing or malformed", async () => {
    const missing = uuidv7();
    expect(await failureOf(cancel(missing))).toMatchObject({ code: status.NOT_FOUND });
    expect((await failureOf(cancel("x"))).details).toBe('message_id: "x" is not a UUID');
  });

  it("has one winner among those who cancel and those who claim", async () => {
    const claim = "UPDATE messages SET status = 20 WHERE id = $1 AND status = 10 RETURNING id";
    for (let round = 0; round < 20; round += 1) {
      const { messageId } = await bundle.send();
      const attempts = [cancel(messageId), bundle.sql(claim, [messageId]), cancel(messageId)];
      const [first, claimed, second] = await Promise.allSettled(attempts);
      const cancelled = [first, second].filter((one) => one?.status === "fulfilled").length;
      const wins = claimed?.status === "fulfilled" ? (claimed.value as unknown[]).length : 0;
      expect(cancelled + wins).toBe(1);
      const now = (await get(messageId)).message.status;
      expect(now).toBe(wins === 1 ? "MESSAGE_STATUS_SENDING" : "MESSAGE_STATUS_CANCELLED");
      expect(await outboxOf(messageId)).toHaveLength(wins);
    }
  });
});
