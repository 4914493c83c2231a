import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { Leader } from "../../src/background/leader.js";
import { PostgresStore } from "../../src/store/postgres/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { createDatabase } from "../support/postgres.js";

/** A leader on a busy machine may be held up for a second. */
const silence = { endAfterMs: 2000, sayEveryMs: 200 };
const options = (url: string) => ({ url, variable: "POSTA_DATABASE_URL", max: 2, timeoutMs: 5000 });
const path = (file: string) => JSON.stringify(new URL(`../../dist/src/${file}`, import.meta.url).href);

/** A process that leads, says so, and says when it does so no more. */
function startLeader(url: string) {
  const program = `
    const { createLog } = await import(${path("telemetry/log/log.js")});
    const { Leader } = await import(${path("background/leader.js")});
    const { PostgresStore } = await import(${path("store/postgres/store.js")});
    const store = new PostgresStore(${JSON.stringify(options(url))}, createLog("test", "silent"));
    store.open();
    await new Promise((resolve) => store.once("usable", resolve));
    const session = await new Leader(store, "outbox", undefined, ${JSON.stringify(silence)}).lead();
    console.log("leads");
    session.lost.addEventListener("abort", () => console.log("lost"));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, lines: createInterface(child.stdout) };
}

/** A store whose pool is full: it opens no connection of its own accord. */
async function openStore(url: string) {
  const store = new PostgresStore(options(url), createLog("test", "silent"));
  onTestFinished(() => store.close());
  store.open();
  await once(store, "usable");
  await Promise.all([1, 2].map(() => store.query({ name: "wait", text: "SELECT pg_sleep(0.05)" })));
  return store;
}

/** A process that leads, and one beside it that would. */
async function startBoth() {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const { child, lines } = startLeader(database.url);
  expect(await once(lines, "line")).toEqual(["leads"]);
  const store = await openStore(database.url);
  const next = new Leader(store, "outbox", undefined, silence);
  onTestFinished(() => next.resign());
  return { child, lines, store, next };
}

it("leads while it works, idle or not, and no longer once it hangs", async () => {
  const { child, lines, next } = await startBoth();
  for (let asked = 0; asked < 3; asked += 1) {
    await sleep(silence.endAfterMs / 2);
    expect(await next.lead()).toBeUndefined();
  }
  child.kill("SIGSTOP");
  await expect.poll(() => next.lead(), { interval: 100 }).toBeDefined();
  const said = once(lines, "line");
  child.kill("SIGCONT");
  expect(await said).toEqual(["lost"]);
});

it("that does not lead opens no session to ask, and leads soon after the leader is killed", async () => {
  const { child, store, next } = await startBoth();
  const text = "SELECT sessions::integer FROM pg_stat_database WHERE datname = current_database()";
  const count = async () => (await store.query<{ sessions: number }>({ name: "sessions", text }))[0]?.sessions;
  await next.lead();
  const before = await count();
  for (let asked = 0; asked < 60; asked += 1) {
    await sleep(50);
    expect(await next.lead()).toBeUndefined();
  }
  expect(await count()).toBe(before);
  child.kill("SIGKILL");
  const killed = performance.now();
  await expect.poll(() => next.lead(), { timeout: 10_000, interval: 50 }).toBeDefined();
  expect(performance.now() - killed).toBeLessThan(3000);
});
