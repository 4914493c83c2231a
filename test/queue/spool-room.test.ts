import { expect, it, onTestFinished } from "vitest";
import { parseJob } from "../../src/queue/job/job.js";
import type { PendingJob } from "../../src/queue/job/pending-job.js";
import { Spool } from "../../src/queue/spool/spool.js";
import { PostgresStore } from "../../src/store/postgres/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { createDatabase } from "../support/postgres.js";

async function openStore(): Promise<PostgresStore> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const options = { url: database.url, variable: "POSTA_DATABASE_URL", max: 2, timeoutMs: 5000 };
  const store = new PostgresStore(options, createLog("test", "silent"));
  onTestFinished(() => store.close());
  store.open();
  await expect.poll(() => store.usable).toBe(true);
  return store;
}

const job = (id: string): PendingJob => ({
  id,
  fresh: true,
  spec: parseJob({ name: "n", dataJson: "{}" }, 100),
  caller: { cancelled: false, deadline: Number.POSITIVE_INFINITY },
});

it("is full for as long as nothing is moved, though nobody tries, and has room as soon as that is seen", async () => {
  const store = await openStore();
  let looks = 0;
  const query: typeof store.query = (statement, values) => {
    if (statement.name === "spool-room") looks += 1;
    return PostgresStore.prototype.query.call(store, statement, values) as never;
  };
  const spool = new Spool(Object.assign(store, { query }), 2, 10);
  const { results } = await spool.put("q", [job("a"), job("b"), job("c")]);
  expect(results).toMatchObject([{ outcome: "spooled" }, { outcome: "spooled" }, { error: { code: "exhausted" } }]);
  const found = new Set<boolean>();
  await expect.poll(() => [found.add(spool.usable), looks][1], { interval: 5 }).toBeGreaterThan(5);
  expect([...found]).toEqual([false]);
  await store.query({ name: "move", text: "UPDATE spool SET moved_at = now() WHERE job_id = $1" }, ["a"]);
  await expect.poll(() => spool.usable, { interval: 5 }).toBe(true);
});
