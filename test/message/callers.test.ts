import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { uuidv7 } from "uuidv7";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { send } from "../http/client.js";
import { failureOf } from "../support/client.js";
import { type Bundle, freshNumber, hello, messageService, otherSender, sender, setup } from "./service-setup.js";

const dir = mkdtempSync(join(tmpdir(), "posta-callers-"));
const file = join(dir, "auth");
const hash = (token: string) => createHash("sha256").update(token).digest("hex");
writeFileSync(
  file,
  [`shop ${hash("shop")} ${sender},emails*`, `all ${hash("all")} *`, `guest ${hash("guest")} queue:*`].join("\n"),
);

let bundle: Bundle;
beforeAll(async () => {
  bundle = await setup({ POSTA_AUTH_FILE: file });
});
afterAll(async () => {
  await bundle.stop();
  rmSync(dir, { recursive: true });
});

const as = (token: string) => ({ metadata: { authorization: `Bearer ${token}` } });
const callAs = (token: string, method: string, request: object) => bundle.call(method, request, as(token));
const sendAs = (token: string, message: object) => callAs(token, "SendMessage", { message: { ...hello, ...message } });
const denied = { code: status.PERMISSION_DENIED, details: `shop may not use the number "${otherSender}"` };

async function bury(kind: number, source: string, ref: string = uuidv7()): Promise<string> {
  const id = uuidv7();
  await bundle.sql(
    `INSERT INTO dead_letters (id, kind, source, ref, reason, content, options, history, failed_at)
     VALUES ($1, $2, $3, $4, 'r', '{}', '{"name":"n"}', '[]', now())`,
    [id, kind, source, ref],
  );
  return id;
}

describe("a caller of some numbers", () => {
  it("is known by its token", async () => {
    expect(await failureOf(bundle.send())).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(await failureOf(sendAs("wrong", {}))).toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it("sends from these alone, and each message is judged for itself", async () => {
    expect((await sendAs("shop", {})).outcome).toBe("OUTCOME_STORED");
    expect(await failureOf(sendAs("shop", { from: otherSender }))).toMatchObject(denied);
    const messages = [hello, { ...hello, from: otherSender }];
    const { results } = await callAs("shop", "SendMessages", { messages });
    expect(results[0].outcome).toBe("OUTCOME_STORED");
    expect(results[1].error).toMatchObject({ code: status.PERMISSION_DENIED, message: denied.details });
  });

  it("does not learn which other numbers there are", async () => {
    const ofNone = await failureOf(sendAs("shop", { from: "999999999999999" }));
    expect(ofNone).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(ofNone.details).toBe(denied.details.replace(otherSender, "999999999999999"));
    const noDefault = await failureOf(sendAs("guest", {}));
    expect(noDefault).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(noDefault.details).toMatch(/^message\.from: is required/);
    expect(noDefault.details).not.toContain(sender);
  });

  it("is told apart by kinds: a number is no queue of the same name", async () => {
    const { messageId } = await sendAs("all", {});
    expect((await failureOf(callAs("guest", "GetMessage", { messageId }))).code).toBe(status.NOT_FOUND);
    const id = await bury(1, sender);
    const queued = await bury(2, sender, "job");
    const { deadLetters } = await callAs("guest", "ListDeadLetters", {});
    const ids = deadLetters.map((letter: { id: string }) => letter.id);
    expect([ids.includes(id), ids.includes(queued)]).toEqual([false, true]);
    await bundle.sql("DELETE FROM dead_letters WHERE id = ANY ($1)", [[id, queued]]);
  });

  it("neither reads nor cancels what another number sends", async () => {
    const { messageId } = await sendAs("all", { from: otherSender });
    for (const method of ["GetMessage", "CancelMessage"]) {
      const foreign = await failureOf(callAs("shop", method, { messageId }));
      const missingId = uuidv7();
      const missing = await failureOf(callAs("shop", method, { messageId: missingId }));
      // Nothing tells one from the other.
      expect(foreign.code).toBe(status.NOT_FOUND);
      expect([foreign.code, foreign.details]).toEqual([missing.code, missing.details.replace(missingId, messageId)]);
    }
    expect((await callAs("all", "GetMessage", { messageId })).message.status).toBe("MESSAGE_STATUS_QUEUED");
  });

  it("sees its own messages in lists, however many others lie between", async () => {
    const to = freshNumber();
    const own: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      own.push((await sendAs("shop", { to })).messageId);
      const messages = Array.from({ length: 25 }, () => ({ ...hello, to, from: otherSender }));
      await callAs("all", "SendMessages", { messages });
    }
    const seen: string[] = [];
    let pageToken = "";
    let pages = 0;
    do {
      const page = await callAs("shop", "ListMessages", { to, pageSize: 2, pageToken });
      seen.push(...page.messages.map(({ id }: { id: string }) => id));
      pageToken = page.nextPageToken;
      pages += 1;
    } while (pageToken !== "");
    expect(seen).toEqual(own.toReversed());
    // A call reads only so far, and hands on a token with a page that is not full.
    expect(pages).toBeGreaterThan(2);
    expect((await callAs("all", "ListMessages", { to, pageSize: 100 })).messages).toHaveLength(78);
  });

  it("sees and redrives dead letters of its numbers and queues alone", async () => {
    const { messageId } = await sendAs("shop", {});
    await bundle.sql("UPDATE messages SET status = 45 WHERE id = $1", [messageId]);
    const own = [await bury(1, sender, messageId), await bury(2, "emails-eu", "job")];
    const others = [await bury(1, otherSender), await bury(2, "billing", "job")];
    const { deadLetters } = await callAs("shop", "ListDeadLetters", {});
    expect(deadLetters.map(({ id }: { id: string }) => id)).toEqual(own.toReversed());
    const ofOther = callAs("shop", "ListDeadLetters", { kind: 2, source: "billing" });
    expect((await failureOf(ofOther)).details).toBe('shop may not use the queue "billing"');
    const ofNoKind = await failureOf(callAs("shop", "ListDeadLetters", { source: "billing" }));
    expect([ofNoKind.code, ofNoKind.details]).toEqual([status.INVALID_ARGUMENT, "kind: is required with a source"]);
    const { results } = await callAs("shop", "RedriveMessages", { deadLetterIds: [...own, ...others] });
    const messages = results.map(({ error }: { error: { message: string } | null }) => error?.message);
    expect(messages).toEqual([undefined, undefined, ...others.map((id) => `there is no dead letter ${id}`)]);
    expect(results[2].error.code).toBe(status.NOT_FOUND);
    expect(await bundle.sql("SELECT redriven_at FROM dead_letters WHERE id = ANY ($1)", [others])).toEqual([
      { redriven_at: null },
      { redriven_at: null },
    ]);
    expect(await bundle.sql("SELECT queue FROM spool")).toEqual([{ queue: "emails-eu" }]);
  });
});

describe("over HTTP", () => {
  async function post(method: string, request: object, token = "all") {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const init = { method: "POST", headers, body: JSON.stringify(request) };
    const answer = await send(`${bundle.posta.httpUrl}/${messageService}/${method}`, init);
    return { status: answer.status, body: JSON.parse(answer.text) };
  }

  it("the same calls are made in JSON", async () => {
    const to = freshNumber();
    const parameters = [{ currency: { fallback_value: "$1", code: "USD", amount_1000: "1000" } }];
    const template = {
      name: "paid",
      language: "en",
      components: [{ type: "TEMPLATE_COMPONENT_TYPE_BODY", parameters }],
    };
    const sent = await post("SendMessage", { message: { to, template, priority: "PRIORITY_CRITICAL" } });
    expect(sent).toMatchObject({ status: 200, body: { outcome: "OUTCOME_STORED" } });
    const { messageId } = sent.body;
    const { body } = await post("GetMessage", { messageId });
    expect(body.message).toMatchObject({ id: messageId, to, type: "template", priority: "PRIORITY_CRITICAL" });
    expect(JSON.parse(body.message.contentJson).template.components).toEqual([
      {
        type: "body",
        parameters: [{ type: "currency", currency: { fallback_value: "$1", code: "USD", amount_1000: 1000 } }],
      },
    ]);
    expect((await post("ListMessages", { to })).body.messages).toHaveLength(1);
    expect(await post("CancelMessage", { messageId })).toEqual({ status: 200, body: {} });
    expect((await post("CancelMessage", { messageId })).body.code).toBe("failed_precondition");
  });

  it("errors are the same too", async () => {
    const bad = await post("SendMessage", { message: { to: "1", text: { body: "a" } } });
    expect(bad.status).toBe(400);
    expect(bad.body).toMatchObject({ code: "invalid_argument", message: expect.stringMatching(/^message\.to: /) });
    expect((await post("SendMessage", { message: { ...hello, from: otherSender } }, "shop")).status).toBe(403);
    expect((await post("GetMessage", { messageId: uuidv7() })).status).toBe(404);
  });
});
