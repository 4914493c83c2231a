import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deadLetterTables } from "../../src/dead-letter/dead-letter.js";
import { deadLetterStatements } from "../../src/dead-letter/list-dead-letters.js";
import { listStatements } from "../../src/message/read/list-messages.js";
import { messageTables } from "../../src/message/record/monthly-tables.js";
import { ensurePartitions } from "../../src/store/postgres/partitions.js";
import { failureOf } from "../support/client.js";
import { type Bundle, freshNumber, sender, setup, toMs, toTimestamp } from "./service-setup.js";

let bundle: Bundle;
beforeAll(async () => {
  bundle = await setup();
});
afterAll(() => bundle.stop());

const dayMs = 24 * 3_600_000;
const list = (request: object) => bundle.call("ListMessages", request);
const idsOf = ({ messages }: { messages: { id: string }[] }) => messages.map(({ id }) => id);

/** The id that a message of a time would have. */
function idAt(ms: number, number = 0): string {
  const hex = ms.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(number).padStart(12, "0")}`;
}

/** Puts a message there as it would have been stored long ago. */
async function insert(id: string, recipient: string, status = 10, from = sender): Promise<void> {
  await bundle.sql(
    `INSERT INTO messages (id, sender, recipient, type, body, priority, resend, send_at, status, status_at)
     VALUES ($1, $2, $3, 'text', '{}', 5, false, now(), $4, now())`,
    [id, from, recipient, status],
  );
}

/** All pages of a list. */
async function pagesOf(request: object): Promise<string[][]> {
  const pages: string[][] = [];
  let pageToken = "";
  do {
    const page = await list({ ...request, pageToken });
    pages.push(idsOf(page));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return pages;
}

describe("GetMessage", () => {
  it("shows a message as it was asked for, with its history", async () => {
    const to = freshNumber();
    const sendAt = Date.now() + dayMs;
    const times = { sendTime: toTimestamp(sendAt), expireTime: toTimestamp(sendAt + dayMs) };
    const { messageId } = await bundle.send({ to, idempotencyKey: "get", priority: "PRIORITY_LOW", ...times });
    const { message, history } = await bundle.call("GetMessage", { messageId });
    expect(message).toMatchObject({
      ...{ id: messageId, to, from: sender, type: "text", status: "MESSAGE_STATUS_QUEUED", ...times },
      ...{ priority: "PRIORITY_LOW", policy: "DELIVERY_POLICY_AT_MOST_ONCE", attempts: 0, wamid: "" },
      ...{ errorCode: 0, errorMessage: "", idempotencyKey: "get" },
    });
    expect(JSON.parse(message.contentJson)).toMatchObject({ to, text: { body: "hello" } });
    for (const time of [message.createTime, message.statusTime]) {
      expect(Math.abs(toMs(time) - Date.now())).toBeLessThan(10_000);
    }
    expect(history).toMatchObject([{ status: "MESSAGE_STATUS_QUEUED", attempt: 0, errorCode: 0, detail: "" }]);
  });

  it("shows the history in the order of its times, and what is known of a failure", async () => {
    const { messageId } = await bundle.send();
    const at = Date.now();
    await bundle.sql(
      `INSERT INTO message_events (message_id, number, at, status, attempt, error_code, detail) VALUES
       ($1, 900001, $3, 45, 2, 131026, 'undeliverable'), ($1, 900002, $2, 20, 2, NULL, NULL),
       ($1, 900003, $3, 45, 0, NULL, 'later')`,
      [messageId, new Date(at + 1000), new Date(at + 2000)],
    );
    await bundle.sql("UPDATE messages SET status = 45, error_code = 131026, error = 'undeliverable' WHERE id = $1", [
      messageId,
    ]);
    const { message, history } = await bundle.call("GetMessage", { messageId });
    expect(message).toMatchObject({
      status: "MESSAGE_STATUS_FAILED",
      errorCode: 131026,
      errorMessage: "undeliverable",
    });
    expect(history.slice(1)).toEqual([
      { status: "MESSAGE_STATUS_SENDING", time: toTimestamp(at + 1000), attempt: 2, errorCode: 0, detail: "" },
      {
        status: "MESSAGE_STATUS_FAILED",
        time: toTimestamp(at + 2000),
        ...{ attempt: 2, errorCode: 131026, detail: "undeliverable" },
      },
      { status: "MESSAGE_STATUS_FAILED", time: toTimestamp(at + 2000), attempt: 0, errorCode: 0, detail: "later" },
    ]);
  });

  it("shows what WhatsApp tells of whole seconds after what Posta did in the same one, in the order of statuses", async () => {
    const { messageId } = await bundle.send();
    const second = Math.floor(Date.now() / 1000) * 1000 + 5000;
    await bundle.sql(
      `INSERT INTO message_events (message_id, number, at, status, attempt, wamid) VALUES
       ($1, 900001, $2, 60, 0, 'w'), ($1, 900002, $2, 40, 0, 'w'), ($1, 900003, $3, 20, 1, NULL),
       ($1, 900004, $4, 10, 1, NULL), ($1, 900005, $5, 20, 2, NULL), ($1, 900006, $6, 30, 2, NULL)`,
      [messageId, ...[0, 100, 200, 300, 1100].map((ms) => new Date(second + ms))],
    );
    const { history } = await bundle.call("GetMessage", { messageId });
    expect(history.slice(1).map(({ status }: { status: string }) => status.replace("MESSAGE_STATUS_", ""))).toEqual([
      "SENDING",
      "QUEUED",
      "SENDING",
      "SENT",
      "READ",
      "ACCEPTED",
    ]);
  });

  it("shows the last 1000 steps", async () => {
    const { messageId } = await bundle.send();
    await bundle.sql(
      `INSERT INTO message_events (message_id, at, status, attempt)
       SELECT $1, now() + n * interval '1 s', 20, n FROM generate_series(1, 1100) AS n`,
      [messageId],
    );
    const { history } = await bundle.call("GetMessage", { messageId });
    expect(history.map(({ attempt }: { attempt: number }) => attempt)).toEqual(
      Array.from({ length: 1000 }, (_, index) => index + 101),
    );
  });

  it("takes ids in capitals, and refuses what is none", async () => {
    const { messageId } = await bundle.send();
    const { message } = await bundle.call("GetMessage", { messageId: messageId.toUpperCase() });
    expect(message.id).toBe(messageId);
    const none = await failureOf(bundle.call("GetMessage", { messageId: "" }));
    expect(none).toMatchObject({ code: status.INVALID_ARGUMENT, details: "message_id: is required" });
    const odd = await failureOf(bundle.call("GetMessage", { messageId: "12" }));
    expect(odd).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'message_id: "12" is not a UUID' });
  });

  it("answers NOT_FOUND, also for a time that has no partition", async () => {
    for (const messageId of [idAt(Date.now()), idAt(0), "ffffffff-ffff-ffff-ffff-ffffffffffff"]) {
      const error = await failureOf(bundle.call("GetMessage", { messageId }));
      expect(error).toMatchObject({ code: status.NOT_FOUND, details: `there is no message ${messageId}` });
    }
  });
});

describe("ListMessages", () => {
  it("lists those to a number, newest first, in pages without a seam, also within one millisecond", async () => {
    const to = freshNumber();
    const at = Date.now() - 1000;
    const ids = Array.from({ length: 25 }, (_, index) => idAt(at + Math.floor(index / 10), index));
    for (const id of ids) await insert(id, to);
    const pages = await pagesOf({ to: `+${to}`, pageSize: 10 });
    expect(pages.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(pages.flat()).toEqual(ids.toReversed());
    expect((await pagesOf({ to, pageSize: 25 })).map(({ length }) => length)).toEqual([25]);
    expect((await pagesOf({ to: freshNumber() })).flat()).toEqual([]);
  });

  it("lists those of a status, within a time: from its start, to before its end", async () => {
    const start = Date.now() - 5000;
    const ids = [0, 1, 2, 3].map((ms) => idAt(start + ms));
    for (const id of ids) await insert(id, freshNumber(), 27);
    const statusIs = { status: "MESSAGE_STATUS_CANCELLED" };
    expect(idsOf(await list(statusIs))).toEqual(ids.toReversed());
    const within = { ...statusIs, startTime: toTimestamp(start + 1), endTime: toTimestamp(start + 3) };
    expect(idsOf(await list(within))).toEqual([ids[2], ids[1]]);
    expect((await pagesOf({ ...within, pageSize: 1 })).flat()).toEqual([ids[2], ids[1]]);
    // A message has a whole millisecond: it is after what is later within the one before it.
    const { seconds, nanos } = toTimestamp(start + 1);
    const finer = { seconds, nanos: nanos + 1 };
    expect(idsOf(await list({ ...statusIs, startTime: finer }))).toEqual([ids[3], ids[2]]);
    expect(idsOf(await list({ ...statusIs, endTime: finer }))).toEqual([ids[1], ids[0]]);
    expect(idsOf(await list({ ...statusIs, endTime: { seconds: -5 } }))).toEqual([]);
  });

  it("leaves the content out, and shows a status that this version does not know", async () => {
    const to = freshNumber();
    await insert(idAt(Date.now()), to, 47);
    const [message] = (await list({ to })).messages;
    expect(message).toMatchObject({ to, status: 47, contentJson: "" });
  });

  it.each<[string, object, string]>([
    ["nothing to list by", {}, "by: is required: to or status"],
    ["no number", { to: "ada" }, 'to: "ada" is not E.164'],
    ["no status", { status: 0 }, "status: is UNSPECIFIED"],
    ["an unknown status", { status: 11 }, "status: 11 is none of QUEUED, SENDING"],
    [
      "an end before its start",
      { to: "34600111222", startTime: { seconds: 2 }, endTime: { seconds: 1 } },
      "end_time: ",
    ],
    ["a bad time", { to: "34600111222", startTime: { nanos: -1 } }, "start_time: nanos -1"],
    ["a large page", { to: "34600111222", pageSize: 1001 }, "page_size: 1001 is over 1000"],
    ["a negative page", { to: "34600111222", pageSize: -1 }, "page_size: -1 is under 0"],
    ["a token of its own making", { to: "34600111222", pageToken: "abc" }, "page_token: is not a next_page_token"],
  ])("refuses %s", async (_, request, message) => {
    const error = await failureOf(list(request));
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.details.startsWith(message), error.details).toBe(true);
  });
});

describe("the lists' plans", () => {
  const months = ["2026-01-15", "2026-02-15", "2026-03-15"].map((day) => Date.parse(`${day}T00:00:00Z`));
  const lastMonth = ["messages_2026_03", "dead_letters_2026_03"];

  /** Rows enough that reading all of them would cost more than an index. */
  beforeAll(async () => {
    await ensurePartitions(
      bundle.postgres,
      { ...messageTables, ...deadLetterTables },
      new Date(months[0] as number),
      new Date(months[2] as number),
    );
    const id = "(lpad(to_hex($1::bigint + n), 12, '0') || '7000' || '8000' || lpad(n::text, 12, '0'))::uuid";
    for (const ms of months) {
      await bundle.sql(
        `INSERT INTO messages (id, sender, recipient, type, body, priority, resend, send_at, status, status_at)
         SELECT ${id}, '1', '49150' || n % 500, 'text', '{}', 5, false, now(), 10 + n % 5, now()
         FROM generate_series(1, 5000) AS n`,
        [ms],
      );
      await bundle.sql(
        `INSERT INTO dead_letters (id, kind, source, ref, reason, content, history, failed_at)
         SELECT ${id}, 1 + n % 2, 's' || n % 50, n, 'r', '{}', '[]', now() FROM generate_series(1, 5000) AS n`,
        [ms],
      );
    }
    await bundle.sql("ANALYZE messages");
    await bundle.sql("ANALYZE dead_letters");
  });

  let plans = 0;

  /** The plan by which a connection of Posta's runs a statement, as text. */
  async function planOf(text: string, values: string): Promise<string> {
    plans += 1;
    const [name, prepared] = [`plan-${plans}`, `listed_${plans}`];
    const rows = await bundle.postgres.transaction(async (transaction) => {
      await transaction.run(`PREPARE ${prepared} AS ${text}`);
      return transaction.query<{ "QUERY PLAN": string }>({ name, text: `EXPLAIN EXECUTE ${prepared} (${values})` });
    });
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  }

  const [from, until] = [idAt(Date.parse("2026-03-01T00:00:00Z")), idAt(Date.parse("2026-04-01T00:00:00Z"))];
  const cases: [string, string, string, string][] = [
    ["messages of a number", listStatements.recipient.text, `'4915042', '${from}', '${until}', 51`, "recipient_id_idx"],
    ["messages of a status", listStatements.status.text, `10, '${from}', '${until}', 51`, "status_id_idx"],
    ["dead letters", deadLetterStatements.all.text, `'${until}', 51`, "pkey"],
    ["dead letters of a kind", deadLetterStatements.kind.text, `'${until}', 51, 1`, "kind_id_idx"],
    ["dead letters of a source", deadLetterStatements.source.text, `'${until}', 51, 1, 's7'`, "kind_source_id_idx"],
  ];
  it.each(cases)(
    "of %s use the index in its order, however rare what they ask for is",
    async (_, text, values, index) => {
      const plan = await planOf(text, values);
      expect(plan).toContain("Limit");
      // A sort below the limit would read all that match, for a page of fifty.
      expect(plan.slice(plan.lastIndexOf("Limit"))).not.toMatch(/\bSort {2}\(/);
      // Tables that are empty, of months to come, may be read as they are.
      const read = plan.match(/(?<=Seq Scan on )\S+/g) ?? [];
      expect(read.filter((table) => lastMonth.includes(table))).toEqual([]);
      expect(plan).toMatch(new RegExp(`Index Scan Backward using \\S*${index}`));
      const indexed = plan.replace(/Seq Scan on .*\n *Filter: .*/g, "");
      expect(indexed).not.toMatch(/Filter: .*(status|kind|recipient)/);
      const scanned = plan.match(/ on (messages|dead_letters)_\d{4}_\d\d/g) ?? [];
      expect(scanned.some((table) => lastMonth.includes(table.slice(4)))).toBe(true);
    },
  );
});
