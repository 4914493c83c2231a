import { status } from "@grpc/grpc-js";
import { uuidv7 } from "uuidv7";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bundle, freshNumber, sender, setup, toMs } from "../message/service-setup.js";
import { failureOf } from "../support/client.js";

let bundle: Bundle;
beforeAll(async () => {
  bundle = await setup();
});
afterAll(() => bundle.stop());

const get = (messageId: string) => bundle.call("GetMessage", { messageId });
const redrive = async (...deadLetterIds: string[]) => {
  const { results } = await bundle.call("RedriveMessages", { deadLetterIds });
  return results.map(({ error }: { error: { code: number; message: string } | null }) => error?.message ?? "redriven");
};
const outboxOf = (id: string) => bundle.sql("SELECT * FROM outbox WHERE message_id = $1", [id]);

/** Puts a dead letter there; answers its id. */
async function bury(kind: number, source: string, ref: string, more: { content?: string; options?: string } = {}) {
  const id = uuidv7();
  await bundle.sql(
    `INSERT INTO dead_letters (id, kind, source, ref, reason, error_code, content, options, history, failed_at)
     VALUES ($1, $2, $3, $4, 'gave up', 131026, $5, $6, '[{"status":"failed"}]', now())`,
    [id, kind, source, ref, more.content ?? "{}", more.options ?? null],
  );
  return id;
}

/** A message that was given up, as its delivery would leave it; answers its id and that of its dead letter. */
async function giveUp(to: object = {}, given = 45) {
  const { messageId } = await bundle.send(to);
  await bundle.sql("DELETE FROM outbox WHERE message_id = $1", [messageId]);
  await bundle.sql("UPDATE messages SET status = $2, attempts = 5, wamid = 'w', error_code = 131026 WHERE id = $1", [
    messageId,
    given,
  ]);
  return { messageId, letter: await bury(1, sender, messageId) };
}

describe("ListDeadLetters", () => {
  const list = (request: object) => bundle.call("ListDeadLetters", request);

  it("shows what was given up, newest first, by kind and source, page by page", async () => {
    const source = freshNumber();
    const ref = uuidv7();
    const messages = [await bury(1, source, ref), await bury(1, source, uuidv7()), await bury(1, source, uuidv7())];
    const job = await bury(2, "emails", "job-1", { content: '{"a":1}' });
    const ids = async (request: object) => (await list(request)).deadLetters.map(({ id }: { id: string }) => id);
    expect(await ids({ kind: "DEAD_LETTER_KIND_MESSAGE", source })).toEqual(messages.toReversed());
    expect(await ids({ kind: "DEAD_LETTER_KIND_JOB", source: "emails" })).toEqual([job]);
    expect((await ids({})).slice(0, 4)).toEqual([job, ...messages.toReversed()]);
    expect((await ids({ kind: "DEAD_LETTER_KIND_MESSAGE" })).slice(0, 3)).toEqual(messages.toReversed());
    const first = await list({ kind: 1, source, pageSize: 2 });
    const second = await list({ kind: 1, source, pageSize: 2, pageToken: first.nextPageToken });
    expect([...first.deadLetters, ...second.deadLetters].map(({ id }) => id)).toEqual(messages.toReversed());
    expect(second.nextPageToken).toBe("");
    const shown = second.deadLetters[0];
    expect(shown).toMatchObject({
      ...{ kind: "DEAD_LETTER_KIND_MESSAGE", source, ref, reason: "gave up", errorCode: 131026, contentJson: "{}" },
      ...{ historyJson: '[{"status":"failed"}]', redriveTime: null },
    });
    expect(Math.abs(toMs(shown.failTime) - Date.now())).toBeLessThan(10_000);
  });

  it("ends a page before it is too large for a client, and shows one in any case", async () => {
    const large = JSON.stringify("a".repeat(1 << 20));
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) ids.push(await bury(2, "large", `l${index}`, { content: large }));
    const seen: string[] = [];
    const sizes: number[] = [];
    let pageToken = "";
    do {
      const page = await list({ kind: 2, source: "large", pageToken });
      sizes.push(page.deadLetters.length);
      seen.push(...page.deadLetters.map(({ id }: { id: string }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(ids.toReversed());
    expect(Math.max(...sizes)).toBeLessThan(3);
  });

  it("cuts what no client could receive, and says what is cut", async () => {
    const huge = JSON.stringify("a".repeat(5 << 20));
    const ids = [await bury(2, "huge", "content", { content: huge }), await bury(2, "huge", "reason")];
    const reason = "€".repeat(2 << 20);
    await bundle.sql("UPDATE dead_letters SET reason = $2, content = '{}' WHERE id = $1", [ids[1], reason]);
    expect((await list({ kind: 2, source: "huge" })).deadLetters).toMatchObject([
      { id: ids[1], reason: "€".repeat(21_845), contentJson: "{}", cutFields: ["reason"] },
      { id: ids[0], reason: "gave up", contentJson: "", cutFields: ["content_json"] },
    ]);
  });

  it("refuses a source without a kind, and what is no page", async () => {
    const refusal = async (request: object) => (await failureOf(list(request))).details;
    expect(await refusal({ source: "emails" })).toBe("kind: is required with a source");
    expect(await refusal({ kind: 2, source: "a\0b" })).toBe("source: has a null character");
    expect(await refusal({ kind: 3 })).toBe("kind: 3 is none of MESSAGE, JOB");
    expect(await refusal({ pageSize: 1001 })).toBe("page_size: 1001 is over 1000");
    expect(await refusal({ pageToken: "x" })).toBe("page_token: is not a next_page_token of this list");
  });
});

describe("RedriveMessages", () => {
  it.each([
    ["FAILED", 45],
    ["UNKNOWN", 25],
  ])("queues a message that is %s once more, once", async (_, given) => {
    const { messageId, letter } = await giveUp({}, given);
    const answers = await Promise.all([redrive(letter), redrive(letter), redrive(letter, letter)]);
    const outcomes = answers.flat();
    expect(outcomes.filter((one) => one === "redriven")).toHaveLength(1);
    expect(outcomes.filter((one) => one === "it was redriven before")).toHaveLength(3);
    expect((await get(messageId)).message).toMatchObject({ status: "MESSAGE_STATUS_QUEUED", attempts: 5, wamid: "" });
    expect((await get(messageId)).history.at(-1)).toMatchObject({
      status: "MESSAGE_STATUS_QUEUED",
      detail: "redriven",
    });
    expect(await outboxOf(messageId)).toMatchObject([{ sender, priority: 5, moved_at: null, tried: 0 }]);
    const { deadLetters } = await bundle.call("ListDeadLetters", { kind: 1, source: sender, pageSize: 1 });
    expect(deadLetters[0]).toMatchObject({ id: letter, redriveTime: { seconds: expect.any(Number) } });
  });

  it("leaves a message where WhatsApp, or its time, has brought it", async () => {
    const delivered = await giveUp({}, 50);
    const queued = await giveUp({}, 10);
    const late = await giveUp({ expireTime: { seconds: Math.ceil(Date.now() / 1000) + 60 } });
    await bundle.sql("UPDATE messages SET expires_at = now() WHERE id = $1", [late.messageId]);
    const gone = await bury(1, sender, uuidv7());
    expect(await redrive(delivered.letter, queued.letter, late.letter, gone)).toEqual([
      "its message is DELIVERED",
      "its message is QUEUED",
      "its message has expired",
      "its message is not kept any more",
    ]);
    const [row] = await bundle.sql(
      "SELECT count(*) FROM dead_letters WHERE id = ANY ($1) AND redriven_at IS NOT NULL",
      [[delivered.letter, queued.letter, late.letter, gone]],
    );
    expect(row.count).toBe(0);
    expect(await outboxOf(delivered.messageId)).toEqual([]);
  });

  it("puts a job into the spool, for its queue", async () => {
    const options = '{"name":"welcome","attempts":2}';
    const letter = await bury(2, "emails", "job-2", { content: '{"to":"ada"}', options });
    expect(await redrive(letter)).toEqual(["redriven"]);
    expect(await redrive(letter)).toEqual(["it was redriven before"]);
    const rows = await bundle.sql("SELECT queue, job_id, name, data, options, redrive, moved_at FROM spool");
    const job = { queue: "emails", job_id: "job-2", name: "welcome", data: '{"to":"ada"}', options, redrive: true };
    expect(rows).toEqual([{ ...job, moved_at: null }]);
  });

  it("puts back messages and jobs of one call together", async () => {
    const { messageId, letter } = await giveUp();
    const job = await bury(2, "mixed", "job-3", { options: '{"name":"welcome"}' });
    expect(await redrive(job, letter)).toEqual(["redriven", "redriven"]);
    expect((await get(messageId)).message.status).toBe("MESSAGE_STATUS_QUEUED");
    expect(await bundle.sql("SELECT job_id FROM spool WHERE queue = 'mixed'")).toEqual([{ job_id: "job-3" }]);
  });

  it("answers each id for itself", async () => {
    const { letter } = await giveUp();
    const missing = uuidv7();
    const { results } = await bundle.call("RedriveMessages", { deadLetterIds: [missing, "x", letter.toUpperCase()] });
    expect(results[0].error).toMatchObject({ code: status.NOT_FOUND, message: `there is no dead letter ${missing}` });
    expect(results[1].error.code).toBe(status.INVALID_ARGUMENT);
    expect(results[1].error.message).toBe('dead_letter_ids[1]: "x" is not a UUID');
    expect(results[2].error).toBeNull();
  });

  it("takes 1 to 1000 ids", async () => {
    expect((await failureOf(redrive())).details).toBe("dead_letter_ids: is required");
    const many = Array.from({ length: 1001 }, () => uuidv7());
    expect((await failureOf(redrive(...many))).details).toBe("dead_letter_ids: 1001 items is over 1000");
    expect(new Set(await redrive(...many.slice(1))).size).toBe(1000);
  });
});
