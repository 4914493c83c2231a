import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { beforeEach, describe, expect, inject, it } from "vitest";
import { readConfig } from "../../src/config/config.js";
import { migrate } from "../../src/store/postgres/apply-migrations.js";
import { openDatabase } from "../../src/store/postgres/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { detailsOf, failureOf } from "../support/client.js";
import { startServer } from "../support/posta.js";
import { createDatabase, startPostgres, type TestPostgres } from "../support/postgres.js";
import { type Bundle, freshNumber, hello, messageService, sender, setup } from "./service-setup.js";

/** What a call was refused with at last, and how often it was answered before: pages that have room take some yet. */
async function untilRefused(call: () => Promise<unknown>) {
  for (let taken = 0; ; taken += 1) {
    const error = await call().then(
      () => undefined,
      (thrown) => thrown,
    );
    if (error) return { error, taken };
  }
}

describe("a PostgreSQL that is lost", () => {
  let server: TestPostgres;
  let bundle: Bundle;
  beforeEach(async () => {
    server = await startPostgres();
    const store = openDatabase(readConfig({ POSTA_DATABASE_URL: server.url }), createLog("test", "silent"));
    await migrate(store, createLog("test", "silent")).finally(() => store.close());
    bundle = await setup({ POSTA_DATABASE_URL: server.url, POSTA_DATABASE_TIMEOUT: "60s" });
    return async () => {
      await bundle.stop();
      await server.stop();
    };
  });

  it("fails calls at once, leaves the queues alone, and is used again once it is back", async () => {
    const { messageId } = await bundle.send();
    await server.kill();
    await bundle.untilHealth("NOT_SERVING");
    const requests: [string, object][] = [
      ["SendMessage", { message: hello }],
      ["GetMessage", { messageId }],
      ["ListMessages", { to: hello.to }],
      ["CancelMessage", { messageId }],
      ["ListDeadLetters", {}],
      ["RedriveMessages", { deadLetterIds: [messageId] }],
    ];
    for (const [method, request] of requests) {
      // A call that waited for the database would find its deadline passed: a statement may take longer.
      const error = await failureOf(bundle.call(method, request, { deadlineMs: 20_000 }));
      expect(error.code, method).toBe(status.UNAVAILABLE);
      expect(error.details).toBe("the database cannot be reached; nothing was done");
      expect(detailsOf(error).RetryInfo, method).toBeDefined();
    }
    const { outcome } = await bundle.posta.client.queue("AddJob", { queue: "q", job: { name: "j" } });
    expect(outcome).toBe("OUTCOME_ADDED");
    await server.restart();
    await bundle.untilHealth("SERVING");
    expect((await bundle.call("GetMessage", { messageId })).message.id).toBe(messageId);
    expect((await bundle.send()).outcome).toBe("OUTCOME_STORED");
  });

  it("has each message once that was answered, and with a key each that was tried again", async () => {
    const to = freshNumber();
    const keys = Array.from({ length: 200 }, (_, index) => `key-${index}`);
    /** Tries until it is answered: what a caller does who has a key. */
    const insist = async (idempotencyKey: string): Promise<string> => {
      for (;;) {
        const answer = await bundle.send({ to, idempotencyKey }).catch((error) => error);
        if (answer.messageId) return answer.messageId;
        expect([status.UNAVAILABLE, status.DEADLINE_EXCEEDED], answer.details).toContain(answer.code);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const sent = Promise.all(keys.map(insist));
    await server.kill();
    await server.restart();
    const ids = await sent;
    expect(new Set(ids).size).toBe(keys.length);
    await bundle.untilHealth("SERVING");
    const rows = await bundle.sql("SELECT id FROM messages WHERE recipient = $1 ORDER BY id", [to]);
    expect(rows.map(({ id }) => id)).toEqual(ids.toSorted());
    expect((await bundle.sql("SELECT message_id FROM outbox")).length).toBe(keys.length);
  });

  it("takes nothing while it has no room, says so, and reads go on; once there is room it goes on", async () => {
    const { messageId } = await bundle.send();
    const many = "FROM generate_series(1, 12000) AS n, (SELECT * FROM messages LIMIT 1) AS first";
    // Larger than a file of the WAL, of which the limit must not be less.
    await bundle.sql(`INSERT INTO messages (id, sender, recipient, type, body, priority, resend, send_at, status, status_at)
      SELECT (left(id::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, sender, '1', type, repeat('x', 1900), priority, resend, now(),
        status, now() ${many}`);
    await bundle.sql(`INSERT INTO spool (queue, job_id, name, data, options, moved_at)
      SELECT 'q', n::text, 'n', repeat('x', 1900), '{}', now() ${many}`);
    const to = freshNumber();
    const message = { to, text: { body: "x".repeat(4096) } };
    const job = { name: "n", dataJson: JSON.stringify("x".repeat(20_000)), options: { durable: true } };
    const add = () => bundle.posta.client.queue("AddJob", { queue: "q", job });

    const tables: [string, string, () => Promise<unknown>][] = [
      ["(SELECT tableoid FROM messages LIMIT 1)", `messages WHERE recipient = '${to}'`, () => bundle.send(message)],
      ["'spool'::regclass", "spool WHERE moved_at IS NULL", add],
    ];
    for (const [table, rows, call] of tables) {
      const [size] = await bundle.sql(`SELECT pg_relation_size(${table}) AS bytes`);
      server.limitFiles(size.bytes);
      const { error, taken } = await untilRefused(call);
      expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
      expect(error.details).toBe("the database is full; nothing was done");
      expect(detailsOf(error).RetryInfo).toBeDefined();
      expect(await bundle.sql(`SELECT count(*) FROM ${rows}`)).toEqual([{ count: taken }]);
    }
    expect((await bundle.call("GetMessage", { messageId })).message.id).toBe(messageId);
    server.limitFiles(undefined);
    expect((await bundle.send(message)).outcome).toBe("OUTCOME_STORED");
    expect((await add()).outcome).toBe("OUTCOME_SPOOLED");
  });

  it("takes nothing after the caller's deadline when it hangs and comes back", async () => {
    await bundle.send();
    const activity = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'";
    // Its backends, and what would make new ones.
    const pids = [server.pid, ...(await bundle.sql(activity)).map(({ pid }) => pid)];
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    const to = freshNumber();
    const late = Array.from({ length: 5 }, () => failureOf(bundle.send({ to }, { deadlineMs: 300 })));
    const codes = (await Promise.all(late)).map(({ code }) => code);
    // The server counts the deadline from the call's arrival: its deadline passes a moment after the client's.
    await sleep(300);
    for (const pid of pids) process.kill(pid, "SIGCONT");
    expect(codes).toEqual(codes.map(() => status.DEADLINE_EXCEEDED));
    await bundle.untilHealth("SERVING");
    await expect.poll(() => bundle.send().catch(() => undefined)).toMatchObject({ outcome: "OUTCOME_STORED" });
    expect(await bundle.sql("SELECT id FROM messages WHERE recipient = $1", [to])).toEqual([]);
  });
});

describe("a database that is not ready", () => {
  /** A server on a database as it is, and what its SendMessage fails with. */
  async function failureOn(url: string) {
    const posta = await startServer(inject("redisUrl"), { POSTA_DATABASE_URL: url, POSTA_WHATSAPP_SENDERS: sender });
    await posta.serving;
    const error = await failureOf(posta.client.call(messageService, "SendMessage", { message: hello }));
    await posta.stop();
    return error;
  }

  it("without its tables, or the month's partitions, is unavailable for now", async () => {
    for (const migrated of [false, true]) {
      const database = await createDatabase({ migrated });
      const error = await failureOn(database.url);
      expect(error.code).toBe(status.UNAVAILABLE);
      expect(error.details).toBe("the database is not ready yet; nothing was done");
      expect(detailsOf(error).RetryInfo).toBeDefined();
      await database.drop();
    }
  });
});
