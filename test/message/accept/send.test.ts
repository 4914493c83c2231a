import { status } from "@grpc/grpc-js";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { detailsOf, failureOf } from "../../support/client.js";
import { type Bundle, freshNumber, hello, otherSender, sender, setup, toMs, toTimestamp } from "../service-setup.js";

let bundle: Bundle;
beforeAll(async () => {
  bundle = await setup();
});
afterAll(() => bundle.stop());

const dayMs = 24 * 3_600_000;
const outcomesOf = ({ results }: { results: { outcome: string }[] }) => results.map(({ outcome }) => outcome);
const sendAll = (messages: object[]) => bundle.call("SendMessages", { messages });

/** All that PostgreSQL has of a message. */
async function storedOf(id: string) {
  const [message] = await bundle.sql("SELECT * FROM messages WHERE id = $1", [id]);
  const outbox = await bundle.sql("SELECT * FROM outbox WHERE message_id = $1", [id]);
  const events = await bundle.sql("SELECT status, attempt FROM message_events WHERE message_id = $1", [id]);
  return { message, outbox, events };
}

/** Resolves when so many messages are on their way to PostgreSQL. */
function untilPending({ posta }: Bundle, count: number) {
  return expect.poll(() => posta.metrics.metrics()).toContain(`posta_messages_pending ${count}\n`);
}

describe("a message", () => {
  it("is committed with its outbox row and its first event", async () => {
    const to = freshNumber();
    const { messageId, outcome } = await bundle.send({ to: `+${to}` });
    expect(outcome).toBe("OUTCOME_STORED");
    const { message, outbox, events } = await storedOf(messageId);
    expect(message).toMatchObject({
      ...{ sender, recipient: to, type: "text", priority: 5, resend: false, status: 10, attempts: 0 },
      ...{ idempotency_key: null, expires_at: null, wamid: null, error_code: null, error: null },
    });
    expect(JSON.parse(message.body)).toEqual({
      messaging_product: "whatsapp",
      recipient_type: "individual",
      to,
      type: "text",
      text: { body: "hello", preview_url: false },
      biz_opaque_callback_data: messageId,
    });
    expect(outbox).toMatchObject([
      { message_id: messageId, sender, priority: 5, due_at: message.send_at, moved_at: null },
    ]);
    expect(events).toEqual([{ status: 10, attempt: 0 }]);
  });

  it("keeps what was asked for", async () => {
    const sendAt = Date.now() + dayMs;
    const { messageId } = await bundle.send({
      ...{ from: otherSender, priority: "PRIORITY_CRITICAL", policy: "DELIVERY_POLICY_AT_LEAST_ONCE" },
      ...{ sendTime: toTimestamp(sendAt), expireTime: toTimestamp(sendAt + 1), replyTo: "wamid.1" },
      idempotencyKey: "kept",
    });
    const { message, outbox } = await storedOf(messageId);
    expect(message).toMatchObject({
      ...{ sender: otherSender, priority: 1, resend: true, idempotency_key: "kept" },
      ...{ send_at: new Date(sendAt), expires_at: new Date(sendAt + 1) },
    });
    expect(JSON.parse(message.body).context).toEqual({ message_id: "wamid.1" });
    expect(outbox).toMatchObject([{ sender: otherSender, priority: 1, due_at: new Date(sendAt) }]);
  });

  it("of no time that there is, is refused alone, and spoils no batch", async () => {
    const expireTime = { seconds: -9e15 };
    const bad = failureOf(bundle.send({ idempotencyKey: "no-time", expireTime }));
    const [error, good] = await Promise.all([bad, bundle.send()]);
    expect(error.details).toMatch(/^message\.expire_time: seconds -9000000000000000 is not from /);
    expect(good.outcome).toBe("OUTCOME_STORED");
  });

  it("is due now if its time is past", async () => {
    const { messageId } = await bundle.send({ sendTime: toTimestamp(Date.now() - dayMs) });
    const { message } = await storedOf(messageId);
    expect(message.send_at).toEqual(message.status_at);
  });

  it("tells those who wait for the outbox, unless it is for later", async () => {
    const listener = new pg.Client(bundle.posta.config.databaseUrl);
    await listener.connect();
    const told: (string | undefined)[] = [];
    listener.on("notification", ({ channel }) => told.push(channel));
    await listener.query("LISTEN posta_outbox");
    await bundle.send({ sendTime: toTimestamp(Date.now() + dayMs) });
    // What was told before this answer has come by now.
    await listener.query("SELECT 1");
    expect(told).toEqual([]);
    await bundle.send();
    await expect.poll(() => told).toEqual(["posta_outbox"]);
    await listener.end();
  });
});

describe("several messages", () => {
  it("are taken in order, each with its own result, and a bad one fails alone", async () => {
    const to = freshNumber();
    const good = { ...hello, to };
    const answer = await sendAll([good, { ...good, to: "12" }, { ...good, text: { body: "" } }, good]);
    const [stored, refused] = ["OUTCOME_STORED", "OUTCOME_UNSPECIFIED"];
    expect(outcomesOf(answer)).toEqual([stored, refused, refused, stored]);
    const [first, second, third, fourth] = answer.results;
    expect(first.error).toBeNull();
    expect(second).toMatchObject({ messageId: "", error: { code: status.INVALID_ARGUMENT } });
    expect(second.error.message).toMatch(/^messages\[1\]\.to: "12" is not E\.164/);
    expect(third.error.message).toBe("messages[2].text.body: is required");
    expect(first.messageId < fourth.messageId).toBe(true);
    expect(await bundle.sql("SELECT id FROM messages WHERE recipient = $1 ORDER BY id", [to])).toEqual([
      { id: first.messageId },
      { id: fourth.messageId },
    ]);
  });

  it("are 1 to 1000", async () => {
    expect((await failureOf(sendAll([]))).details).toBe("messages: is required");
    const many = Array.from({ length: 1001 }, () => hello);
    expect((await failureOf(sendAll(many))).details).toBe("messages: 1001 items is over 1000");
    expect(outcomesOf(await sendAll(many.slice(1)))).toHaveLength(1000);
  });

  it("of many calls at a time share transactions, and all are there once", async () => {
    const to = freshNumber();
    const answers = await Promise.all(Array.from({ length: 300 }, () => bundle.send({ to })));
    expect(new Set(answers.map(({ messageId }) => messageId)).size).toBe(300);
    const [row] = await bundle.sql(
      "SELECT count(*), count(DISTINCT xmin::text) AS batches FROM messages WHERE recipient = $1",
      [to],
    );
    expect(row.count).toBe(300);
    expect(row.batches).toBeLessThan(150);
  });
});

describe("an idempotency key", () => {
  let keys = 0;
  const freshKey = () => `key-${keys++}`;

  it("makes the same message a duplicate, and another one a conflict", async () => {
    const idempotencyKey = freshKey();
    const { messageId } = await bundle.send({ idempotencyKey });
    const later = { priority: "PRIORITY_LOW", sendTime: toTimestamp(Date.now() + dayMs) };
    for (const again of [{}, { to: hello.to.slice(1) }, { from: sender }, later]) {
      expect(await bundle.send({ idempotencyKey, ...again })).toEqual({ messageId, outcome: "OUTCOME_DUPLICATE" });
    }
    for (const other of [{ text: { body: "other" } }, { to: freshNumber() }, { replyTo: "wamid.1" }]) {
      const error = await failureOf(bundle.send({ idempotencyKey, ...other }));
      expect(error.code).toBe(status.ALREADY_EXISTS);
      expect(error.details).toBe(
        `message.idempotency_key: "${idempotencyKey}" is taken by another message, ${messageId}`,
      );
    }
    const rows = await bundle.sql("SELECT id FROM messages WHERE idempotency_key = $1", [idempotencyKey]);
    expect(rows).toEqual([{ id: messageId }]);
  });

  it("is of one sending number", async () => {
    const idempotencyKey = freshKey();
    const { messageId } = await bundle.send({ idempotencyKey });
    const other = await bundle.send({ idempotencyKey, from: otherSender });
    expect(other.outcome).toBe("OUTCOME_STORED");
    expect(other.messageId).not.toBe(messageId);
  });

  it("may be in a call several times: the first message has it", async () => {
    const keyed = { ...hello, idempotencyKey: freshKey() };
    const answer = await sendAll([
      keyed,
      hello,
      keyed,
      { ...keyed, text: { body: "other" } },
      { ...keyed, from: otherSender },
    ]);
    const [stored, duplicate] = ["OUTCOME_STORED", "OUTCOME_DUPLICATE"];
    expect(outcomesOf(answer)).toEqual([stored, stored, duplicate, "OUTCOME_UNSPECIFIED", stored]);
    const [first, , third, fourth] = answer.results;
    expect(third.messageId).toBe(first.messageId);
    expect(fourth.error.code).toBe(status.ALREADY_EXISTS);
    expect(fourth.error.message).toMatch(/^messages\[3\]\.idempotency_key: /);
  });

  it("that many callers use at a time has one message, over several servers and in any order", async () => {
    const other = await setup({ POSTA_DATABASE_URL: bundle.posta.config.databaseUrl as string });
    const wanted = Array.from({ length: 20 }, freshKey);
    const messages = wanted.map((idempotencyKey) => ({ ...hello, idempotencyKey }));
    const batches = [messages, messages.toReversed(), messages, messages.toReversed()];
    const answers = await Promise.all(
      batches.flatMap((batch) => [bundle, other].map(({ call }) => call("SendMessages", { messages: batch }))),
    );
    await other.stop();
    const outcomes = answers.flatMap(outcomesOf);
    expect(outcomes.filter((outcome) => outcome === "OUTCOME_STORED")).toHaveLength(wanted.length);
    expect(outcomes.filter((outcome) => outcome === "OUTCOME_DUPLICATE")).toHaveLength(7 * wanted.length);
    const ids = new Set(
      answers.flatMap(({ results }) => results.map(({ messageId }: { messageId: string }) => messageId)),
    );
    expect(ids.size).toBe(wanted.length);
  });

  it("is free again after its time", async () => {
    const idempotencyKey = freshKey();
    const { messageId } = await bundle.send({ idempotencyKey });
    const age = "UPDATE message_keys SET created_at = now() - $2 * interval '1 hour' WHERE key = $1";
    await bundle.sql(age, [idempotencyKey, 167]);
    expect((await bundle.send({ idempotencyKey })).messageId).toBe(messageId);
    await bundle.sql(age, [idempotencyKey, 169]);
    const renewed = await bundle.send({ idempotencyKey, text: { body: "other" } });
    expect(renewed).toEqual({ messageId: expect.not.stringMatching(messageId), outcome: "OUTCOME_STORED" });
    expect((await failureOf(bundle.send({ idempotencyKey }))).code).toBe(status.ALREADY_EXISTS);
  });
});

describe("a message that nobody waits for any more", () => {
  it("is not written, neither then nor later", async () => {
    const to = freshNumber();
    await bundle.postgres.transaction(async (transaction) => {
      await transaction.run("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE");
      const held = bundle.send();
      const waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'outbox'::regclass";
      // The batch that is on its way waits for the lock: what comes now is in none yet.
      await expect.poll(() => bundle.sql(waiting)).toHaveLength(1);
      const late = Array.from({ length: 3 }, () => failureOf(bundle.send({ to }, { deadlineMs: 200 })));
      const codes = (await Promise.all(late)).map(({ code }) => code);
      expect(codes).toEqual(codes.map(() => status.DEADLINE_EXCEEDED));
      await transaction.run("COMMIT; BEGIN");
      expect((await held).outcome).toBe("OUTCOME_STORED");
    });
    expect((await bundle.send()).outcome).toBe("OUTCOME_STORED");
    expect(await bundle.sql("SELECT id FROM messages WHERE recipient = $1", [to])).toEqual([]);
  });
});

describe("what is on its way", () => {
  it("is bounded", async () => {
    const small = await setup({ POSTA_MESSAGE_MAX_PENDING: "5" });
    await small.postgres.transaction(async (transaction) => {
      await transaction.run("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE");
      const taken = small.call("SendMessages", { messages: Array.from({ length: 5 }, () => hello) });
      await untilPending(small, 5);
      const error = await failureOf(small.send());
      expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
      expect(error.details).toBe("too many messages are on their way to the database; nothing was done");
      expect(detailsOf(error).RetryInfo).toEqual({ retryDelay: { seconds: 0, nanos: 250_000_000 } });
      await transaction.run("COMMIT; BEGIN");
      expect(outcomesOf(await taken)).toHaveLength(5);
    });
    expect((await small.send()).outcome).toBe("OUTCOME_STORED");
    await small.stop();
  });

  it("is counted, by what became of it", async () => {
    const metrics = await bundle.posta.metrics.metrics();
    for (const outcome of ["stored", "duplicate", "exists", "invalid"]) {
      expect(metrics).toMatch(new RegExp(`posta_messages_taken_total\\{outcome="${outcome}"\\} [1-9]`));
    }
    expect(metrics).toMatch(/posta_message_batch_size_count [1-9]/);
  });
});

describe("without a sending number", () => {
  it("nothing can be sent", async () => {
    const numberless = await setup({ POSTA_WHATSAPP_SENDERS: "" });
    const error = await failureOf(numberless.send());
    expect(error.code).toBe(status.FAILED_PRECONDITION);
    expect(error.details).toBe("there is no number to send from: set POSTA_WHATSAPP_SENDERS");
    await numberless.stop();
  });
});

describe("a message that was sent", () => {
  it("is an event", async () => {
    const to = freshNumber();
    const { messageId } = await bundle.send({ to });
    const list = { name: "whatsapp.queued", pageSize: 1000 };
    const events = async () => {
      const answer = await bundle.posta.client.call("posta.analytics.v1.AnalyticsService", "ListRecentEvents", list);
      return answer.events.filter(({ subject }: { subject: string }) => subject === to);
    };
    await expect.poll(async () => (await events()).length).toBe(1);
    const [event] = await events();
    expect(event).toMatchObject({ id: `${messageId}-queued`, dimensions: { sender, type: "text" } });
    expect(Math.abs(toMs(event.time) - Date.now())).toBeLessThan(10_000);
  });
});
