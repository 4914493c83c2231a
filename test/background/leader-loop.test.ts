import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LeaderTask, Term } from "../../src/background/background-task.js";
import { TaskRunner } from "../../src/background/task-runner.js";
import { PostgresStore } from "../../src/store/postgres/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { createDatabase } from "../support/postgres.js";

const log = createLog("test", "silent");

/** A process that runs one task if it leads, and notes what happens to it. */
async function startProcess(url: string, task: Partial<LeaderTask> = {}) {
  const store = new PostgresStore({ url, variable: "POSTA_DATABASE_URL", max: 2, timeoutMs: 5000 }, log);
  onTestFinished(() => store.close());
  store.open();
  await once(store, "usable");
  const asked: number[] = [];
  const query = store.query.bind(store);
  store.query = (statement, values) => {
    if (statement.name === "probe-outbox") asked.push(performance.now());
    return query(statement, values);
  };
  const terms: Term[] = [];
  const runner = new TaskRunner(store, log);
  onTestFinished(() => runner.stop());
  const run = async (term: Term) => void terms.push(term);
  runner.start([{ name: "task", everyMs: 50, retryMs: 50, leader: "outbox", run, ...task }]);
  return { store, runner, terms, asked };
}

async function createUrl(): Promise<string> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  return database.url;
}

/** The lock of the outbox in this database: others on the same server have their own. */
const held = `FROM pg_locks WHERE locktype = 'advisory' AND objid = 4 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
const endSessions = { name: "end-sessions", text: `SELECT pg_terminate_backend(pid) ${held}` };
const readHolders = { name: "read-holders", text: `SELECT pid ${held}` };

describe("a task of the leader", () => {
  it("runs in one process, again and again, and the others ask every 4 to 6 s", async () => {
    const url = await createUrl();
    const first = await startProcess(url);
    await expect.poll(() => first.terms.length).toBeGreaterThan(2);
    let followed = 0;
    const onFollow = () => {
      followed += 1;
    };
    const second = await startProcess(url, { onFollow });
    await expect.poll(() => followed).toBe(3);
    expect(second.terms).toEqual([]);
    const pauses = second.asked.slice(1).map((at, index) => at - (second.asked[index] as number));
    expect(pauses).toHaveLength(2);
    // A timer may be early by a millisecond, and late on a busy machine.
    for (const pause of pauses) expect(pause).toBeGreaterThan(3990);
    for (const pause of pauses) expect(pause).toBeLessThan(9000);
    expect(first.asked).toHaveLength(1);
  });

  it("runs in another process within 6 s of the leader's end", async () => {
    const url = await createUrl();
    const first = await startProcess(url);
    await expect.poll(() => first.terms.length).toBeGreaterThan(0);
    let followed = false;
    const onFollow = () => {
      followed = true;
    };
    const second = await startProcess(url, { onFollow });
    await expect.poll(() => followed).toBe(true);
    await first.runner.stop();
    const stopped = performance.now();
    expect(first.terms.at(-1)?.ending.aborted).toBe(true);
    await expect.poll(() => second.terms.length, { interval: 20 }).toBeGreaterThan(0);
    // On a busy machine the last step may take longer.
    expect(performance.now() - stopped).toBeLessThan(8000);
  });

  it("ends with its session, and begins again with the next", async () => {
    const { store, terms } = await startProcess(await createUrl());
    await expect.poll(() => terms.at(-1)?.ledForMs).toBeGreaterThan(50);
    const before = terms.at(-1) as Term;
    await store.query(endSessions);
    await expect.poll(() => before.ending.aborted).toBe(true);
    const ofNext = () => terms.find(({ session }) => session !== before.session);
    await expect.poll(ofNext).toBeDefined();
    expect(ofNext()?.ledForMs).toBeLessThan(before.ledForMs);
  });

  it("is woken by a notification, and by what its row names", async () => {
    let wake = () => {};
    const wokenBy = (begin: () => void) => {
      wake = begin;
    };
    const { store, terms } = await startProcess(await createUrl(), { everyMs: 3_600_000, channel: "called", wokenBy });
    await expect.poll(() => terms.length).toBe(1);
    await store.query({ name: "call", text: "NOTIFY called" });
    await expect.poll(() => terms.length).toBe(2);
    wake();
    await expect.poll(() => terms.length).toBe(3);
  });

  it("finishes its step before the lock goes to another process", async () => {
    const url = await createUrl();
    let finish = () => {};
    const step = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let begun = false;
    const run = () => {
      begun = true;
      return step;
    };
    const { runner, store } = await startProcess(url, { run });
    onTestFinished(() => finish()); // Before the runner is stopped: the last hook is called first.
    await expect.poll(() => begun).toBe(true);
    const stopped = runner.stop();
    expect(await store.query(readHolders)).toHaveLength(1);
    finish();
    await stopped;
    expect(await store.query(readHolders)).toHaveLength(0);
  });
});

it("a runner that stops starts no more tasks", async () => {
  const { runner, terms } = await startProcess(await createUrl());
  await runner.stop();
  const before = terms.length;
  let runs = 0;
  const run = async () => {
    runs += 1;
  };
  runner.start([{ name: "late", everyMs: 10, retryMs: 10, run }]);
  await new Promise(setImmediate);
  expect(runs).toBe(0);
  expect(terms).toHaveLength(before);
});
