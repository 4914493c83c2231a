import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Leader } from "../../../src/background/leader.js";
import { PostaError } from "../../../src/errors/posta-error.js";
import type { Session } from "../../../src/store/postgres/session.js";
import { PostgresStore, type PostgresStoreOptions } from "../../../src/store/postgres/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { createDatabase, startPostgres, type TestPostgres } from "../../support/postgres.js";
import { useReleases } from "../../support/releases.js";

/** Of a store; what is answered at once takes far less, also on a busy machine. */
const timeoutMs = 5000;
const releases = useReleases();

async function startOwn(): Promise<TestPostgres> {
  const server = await startPostgres();
  releases.push(() => server.stop());
  return server;
}

function open(url: string, options: Partial<PostgresStoreOptions> = {}): PostgresStore {
  const all = { url, variable: "POSTA_DATABASE_URL", max: 4, timeoutMs, ...options };
  const store = new PostgresStore(all, createLog("test", "silent"));
  releases.push(() => store.close());
  return store;
}

async function openOwn(options: Partial<PostgresStoreOptions> = {}): Promise<PostgresStore> {
  const database = await createDatabase();
  releases.push(() => database.drop());
  return open(database.url, options);
}

/** Passes on what a client says up to its login, and nothing after that. */
async function startHangingProxy(url: string): Promise<string> {
  const dir = new URL(url).searchParams.get("host") as string;
  const own = mkdtempSync(join(tmpdir(), "posta-proxy-"));
  const proxy = createServer((socket) => {
    const onward = connect(join(dir, ".s.PGSQL.5432"));
    for (const end of [socket, onward]) end.on("error", () => {});
    socket.on("data", (chunk) => !chunk.includes("plan_cache_mode") && onward.write(chunk));
    onward.pipe(socket);
    socket.on("close", () => onward.destroy());
  }).listen(join(own, ".s.PGSQL.5432"));
  releases.push(
    () => rmSync(own, { recursive: true }),
    () => proxy.close(),
  );
  await once(proxy, "listening");
  return url.replace(dir, own);
}

/** Names of the parameters that a client sends with its login. The values follow their names, each ends with a zero byte. */
async function loginParameters(): Promise<string[]> {
  const own = mkdtempSync(join(tmpdir(), "posta-login-"));
  const server = createServer().listen(join(own, ".s.PGSQL.5432"));
  releases.push(
    () => rmSync(own, { recursive: true }),
    () => server.close(),
  );
  await once(server, "listening");
  open(`postgresql:///posta?host=${own}&user=posta`).open();
  const [socket] = await once(server, "connection");
  socket.on("error", () => {});
  const [login] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  const texts = login.subarray(8).toString().split("\0");
  return texts.filter((text, index) => index % 2 === 0 && text !== "");
}

const one = { name: "one", text: "SELECT 1 AS one" };
const slow = { name: "slow", text: "SELECT pg_sleep($1::float8)" };

async function failureOf(promise: Promise<unknown>): Promise<PostaError> {
  const error = await promise.then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(PostaError);
  return error as PostaError;
}

describe("the pool", () => {
  it("runs named statements, and hands out counts as numbers and times as Date", async () => {
    const store = await openOwn();
    const text = "SELECT $1::bigint AS count, $2::timestamptz AS at, $3::float8[] AS list";
    const at = new Date("2026-03-01T12:00:00Z");
    const [row] = await store.query({ name: "typed", text }, [12, at, [1.5, 2]]);
    expect(row).toEqual({ count: 12, at, list: [1.5, 2] });
    await store.query({ name: "typed", text }, [1, at, []]);
    const prepared = { name: "prepared", text: "SELECT name FROM pg_prepared_statements WHERE name = 'typed'" };
    expect(await store.query(prepared)).toEqual([{ name: "typed" }]);
  });

  it("logs in with parameters that PgBouncer takes, and limits a statement's time all the same", async () => {
    expect((await loginParameters()).sort()).toEqual(["application_name", "client_encoding", "database", "user"]);
    const limit = { name: "limit", text: "SHOW statement_timeout" };
    const store = await openOwn({ timeoutMs: 1234 });
    expect(await store.query(limit)).toEqual([{ statement_timeout: "1234ms" }]);
    const session = await store.session();
    releases.push(() => session.close());
    expect(await session.query(limit)).toEqual([{ statement_timeout: "0" }]);
  });

  it("undoes a transaction whose work throws, also where it hid a failed statement", async () => {
    const store = await openOwn();
    const add = { name: "add", text: "INSERT INTO analytics_series (name, dimension, value) VALUES ('n', $1, '')" };
    const count = { name: "count", text: "SELECT count(*) AS count FROM analytics_series" };
    await expect(
      store.transaction(async (transaction) => {
        await transaction.query(add, ["a"]);
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    const hidden = store.transaction(async (transaction) => {
      await transaction.query(add, ["a"]);
      await transaction.query(add, ["a"]).catch(() => {});
    });
    await expect(hidden).rejects.toThrow("rolled back");
    expect(await store.query(count)).toEqual([{ count: 0 }]);
    await store.transaction((transaction) => transaction.query(add, ["a"]));
    expect(await store.query(count)).toEqual([{ count: 1 }]);
  });

  it("stops a statement at the time-out, and keeps the connection", async () => {
    const store = await openOwn({ timeoutMs: 200, max: 1 });
    const pid = { name: "pid", text: "SELECT pg_backend_pid() AS pid" };
    const before = await store.query(pid);
    const error = await failureOf(store.query(slow, [5]));
    expect(error).toMatchObject({ code: "unavailable", message: "the database took too long; nothing was done" });
    expect(await store.query(pid)).toEqual(before);
    expect(store.usable).toBe(true);
  });

  it("tells a mistake in a statement apart from a lost database", async () => {
    const store = await openOwn();
    const error = await failureOf(store.query({ name: "mistake", text: "SELECT 1 / 0" }));
    expect(error).toMatchObject({ code: "internal", message: "internal error" });
    await store.query(one);
    expect(store.usable).toBe(true);
  });

  it("takes a table or a column that is not there for a migration that is still to come", async () => {
    const store = await openOwn();
    for (const text of ["SELECT no_such_column", "SELECT 1 FROM no_such_table"]) {
      const error = await failureOf(store.query({ name: text, text }));
      expect(error).toMatchObject({ code: "unavailable", message: "the database is not ready yet; nothing was done" });
    }
  });

  it("stays usable while all its connections are busy", async () => {
    const store = await openOwn({ max: 1 });
    await store.query(one);
    const lost: boolean[] = [];
    store.on("usable", (usable) => lost.push(usable));
    // It is asked all the same, beside them: it is not silent either.
    let answers = 0;
    let silentMs = 0;
    store.on("answered", () => {
      answers += 1;
    });
    const watching = setInterval(() => {
      silentMs = Math.max(silentMs, store.silentMs);
    }, 20);
    const busy = store.query(slow, [3]);
    const waiting = await failureOf(store.query(one));
    expect(waiting).toMatchObject({ code: "unavailable", message: expect.stringContaining("nothing was done") });
    await busy;
    clearInterval(watching);
    expect(lost).toEqual([]);
    expect(answers).toBeGreaterThan(2);
    expect(silentMs).toBeLessThan(1500);
  });
});

describe("a session", () => {
  it("keeps the statements of one task out of the transaction of another", async () => {
    const server = await startOwn();
    const session = await open(server.url).session();
    await session.query({ name: "make", text: "CREATE TABLE kept (by text)" });
    const insert = { name: "insert", text: "INSERT INTO kept VALUES ($1)" };
    const undone = session.transaction(async (transaction) => {
      await transaction.query(insert, ["transaction"]);
      await transaction.query(slow, [0.05]);
      throw new Error("undone");
    });
    await Promise.all([expect(undone).rejects.toThrow("undone"), session.query(insert, ["task"])]);
    expect(await session.query({ name: "read", text: "SELECT by FROM kept" })).toEqual([{ by: "task" }]);
    await session.close();
  });
});

describe("a PostgreSQL that dies", () => {
  it("fails what is on its way as unknown, the rest at once, and is used again when it is back", async () => {
    const server = await startOwn();
    const store = open(server.url);
    store.open();
    await once(store, "usable");
    const session = await store.session();
    const inFlight = [store.query(slow, [20]), store.transaction((transaction) => transaction.query(slow, [20]))].map(
      failureOf,
    );
    const sleeping = { name: "sleeping", text: "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'" };
    await expect.poll(() => store.query(sleeping)).toHaveLength(2);
    const down = once(store, "usable");
    await server.kill();
    for (const error of await Promise.all(inFlight)) {
      expect(error).toMatchObject({ code: "unavailable", message: expect.stringContaining("the outcome is unknown") });
      expect(error.message).not.toMatch(/posta-postgres|5432/);
    }
    expect(await down).toEqual([false]);
    await expect.poll(() => session.lost.aborted).toBe(true);
    const begun = Date.now();
    const error = await failureOf(store.query(one));
    expect(error.message).toBe("the database cannot be reached; nothing was done");
    expect(error.retryAfterMs).toBeGreaterThan(0);
    expect(Date.now() - begun).toBeLessThan(timeoutMs / 2);
    const up = once(store, "usable");
    await server.restart();
    expect(await up).toEqual([true]);
    expect(await store.query(one)).toEqual([{ one: 1 }]);
  });

  it("counts as lost while it hangs, and not when it answers again", async () => {
    const server = await startOwn();
    const store = open(server.url, { timeoutMs: 500, max: 1 });
    store.open();
    await once(store, "usable");
    const [backend] = await store.query<{ pid: number }>({ name: "pid", text: "SELECT pg_backend_pid() AS pid" });
    const down = once(store, "usable");
    for (const pid of [server.pid, backend?.pid as number]) process.kill(pid, "SIGSTOP");
    expect(await down).toEqual([false]);
    const up = once(store, "usable");
    for (const pid of [server.pid, backend?.pid as number]) process.kill(pid, "SIGCONT");
    expect(await up).toEqual([true]);
    expect(await store.query(one)).toEqual([{ one: 1 }]);
  });

  it("counts as lost while it hangs and all connections are busy, and not when it answers again", async () => {
    const server = await startOwn();
    const store = open(server.url, { timeoutMs: 30_000, max: 1 });
    store.open();
    await once(store, "usable");
    const busy = failureOf(store.query(slow, [30]));
    const down = once(store, "usable");
    process.kill(server.pid, "SIGSTOP"); // So nobody is let in.
    expect(await down).toEqual([false]);
    const up = once(store, "usable");
    process.kill(server.pid, "SIGCONT");
    expect(await up).toEqual([true]);
    await server.kill();
    expect((await busy).code).toBe("unavailable");
  });

  it("that hangs after the login keeps no caller for the time of a statement", async () => {
    const server = await startOwn();
    const store = open(await startHangingProxy(server.url), { timeoutMs: 30_000 });
    const begun = Date.now();
    const error = await failureOf(store.query(one));
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain("nothing was done");
    expect(Date.now() - begun).toBeLessThan(10_000);
  });

  it("loses a leader its session where it is silent, and another is elected once it answers", async () => {
    const server = await startOwn();
    const store = open(server.url);
    const leader = new Leader(store, "rollUp", { query: 300, transaction: 600 });
    releases.push(() => leader.resign());
    const session = await leader.lead();
    const [backend] = await (session as Session).query<{ pid: number }>({
      name: "pid",
      text: "SELECT pg_backend_pid() AS pid",
    });
    const pids = [server.pid, backend?.pid as number];
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    const failure = await failureOf((session as Session).query(one));
    expect(failure.message).toMatch(/the outcome is unknown/);
    await expect.poll(() => session?.lost.aborted).toBe(true);
    for (const pid of pids) process.kill(pid, "SIGCONT");
    await expect.poll(() => leader.lead().catch(() => undefined)).toBeDefined();
    const next = (await leader.lead()) as Session;
    expect(next).not.toBe(session);
    // A transaction's statements have a limit of their own.
    const sleepy = next.transaction((transaction) => transaction.query(slow, [0.45]));
    await expect(sleepy).resolves.toHaveLength(1);
    expect((await failureOf(next.transaction((transaction) => transaction.query(slow, [5])))).code).toBe("unavailable");
    await expect.poll(() => next.lost.aborted).toBe(true);
  });

  it("does not keep a session from closing while it is silent", async () => {
    const server = await startOwn();
    const session = await open(server.url).session();
    const [backend] = await session.query<{ pid: number }>({ name: "pid", text: "SELECT pg_backend_pid() AS pid" });
    process.kill(backend?.pid as number, "SIGSTOP");
    releases.push(() => process.kill(backend?.pid as number, "SIGCONT"));
    await session.close();
    expect(session.lost.aborted).toBe(true);
  });

  it("is told apart from one connection that is cut", async () => {
    const store = await openOwn();
    // No heartbeat comes, so only a question that is asked at once can tell that PostgreSQL is there.
    vi.useFakeTimers({ toFake: ["setInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    store.open();
    await once(store, "usable");
    const cut = { name: "cut", text: "SELECT pg_terminate_backend(pg_backend_pid())" };
    expect((await failureOf(store.query(cut))).message).toMatch(/the outcome is unknown/);
    await once(store, "usable");
    expect(store.usable).toBe(true);
  });

  it("says why it takes no writes, from its first answer on", async () => {
    const server = await startPostgres({ default_transaction_read_only: "on" });
    releases.push(() => server.stop());
    const log = createLog("test", "silent");
    const told = vi.spyOn(log, "error");
    const store = new PostgresStore({ url: server.url, variable: "POSTA_DATABASE_URL", max: 1, timeoutMs }, log);
    releases.push(() => store.close());
    store.open();
    await expect.poll(() => store.refusal).toBe("it is read-only, as a standby is");
    const problem = "POSTA_DATABASE_URL: PostgreSQL takes no writes: it is read-only, as a standby is";
    expect(told.mock.calls).toEqual([[problem]]);
  });

  it("is no hindrance to closing", async () => {
    const store = open("postgresql://127.0.0.1:1/none"); // The end of the test closes it.
    expect((await failureOf(store.query(one))).message).toMatch(/cannot be reached/);
  });
});
