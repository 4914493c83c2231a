import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { createLog } from "../../src/log.js";
import { Leader } from "../../src/store/leader.js";
import { PostgresStore } from "../../src/store/postgres.js";
import { createDatabase } from "../support/postgres.js";

/** A leader on a busy machine may be held up for a second. */
const silence = { endAfterMs: 2000, sayEveryMs: 200 };
const options = (url: string) => ({ url, variable: "POSTA_DATABASE_URL", max: 2, timeoutMs: 5000 });
const path = (file: string) => JSON.stringify(new URL(`../../dist/src/${file}`, import.meta.url).href);

/** A process that leads, says so, and says when it does so no more. */
function startLeader(url: string) {
  const program = `
    const { createLog } = await import(${path("log.js")});
    const { Leader } = await import(${path("store/leader.js")});
    const { PostgresStore } = await import(${path("store/postgres.js")});
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

it("leads while it works, idle or not, and no longer once it hangs", async () => {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const { child, lines } = startLeader(database.url);
  expect(await once(lines, "line")).toEqual(["leads"]);
  const store = new PostgresStore(options(database.url), createLog("test", "silent"));
  onTestFinished(() => store.close());
  store.open();
  await once(store, "usable");
  const next = new Leader(store, "outbox", undefined, silence);
  onTestFinished(() => next.resign());
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
