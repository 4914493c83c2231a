import { expect, inject, it } from "vitest";
import { readConfig } from "../../src/config/config.js";
import { migrate } from "../../src/store/postgres/apply-migrations.js";
import { lockFor } from "../../src/store/postgres/locks.js";
import { readMigrations } from "../../src/store/postgres/read-migrations.js";
import { openDatabase } from "../../src/store/postgres/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { send } from "../http/client.js";
import { startServer } from "../support/posta.js";
import { createDatabase, startPostgres } from "../support/postgres.js";
import { useReleases } from "../support/releases.js";

/** A server that starts alone, as the first one of its machine, on a database that is not what it needs yet. */

const log = createLog("test", "silent");
const releases = useReleases();

/** A database of so many migrations, and what works on it. */
async function open(migrations: number) {
  const database = await createDatabase({ migrated: false });
  releases.push(() => database.drop());
  const store = openDatabase(readConfig({ POSTA_DATABASE_URL: database.url }), log);
  releases.push(() => store.close());
  if (migrations > 0) await migrate(store, log, readMigrations().slice(0, migrations));
  return { url: database.url, store };
}

async function start(url: string, env: Record<string, string> = {}) {
  const posta = await startServer(inject("redisUrl"), { POSTA_DATABASE_URL: url, ...env });
  releases.push(() => posta.stop());
  const probe = async (path: string) => (await send(`${posta.httpUrl}${path}`)).status;
  const health = async () => (await posta.client.call("grpc.health.v1.Health", "Check", { service: "" })).status;
  // Jobs could be added: what keeps the server from being ready is not the queues' Redis.
  const queue = async () => JSON.parse((await send(`${posta.httpUrl}/healthz`)).text).checks;
  const works = { name: "queue", status: expect.stringMatching(/OK|DEGRADED/) };
  await expect.poll(queue).toContainEqual(expect.objectContaining(works));
  const look = async () => [await probe("/livez"), await probe("/readyz"), await health()];
  return { posta, look };
}

const [unready, ready] = [
  [200, 503, "NOT_SERVING"],
  [200, 200, "SERVING"],
];

it("is alive and not ready for as long as another process migrates", { timeout: 30_000 }, async () => {
  const { url, store } = await open(readMigrations().length - 1);
  const session = await store.session();
  releases.push(() => session.close());
  const { posta, look } = await session.transaction(async (transaction) => {
    await transaction.query(lockFor("migrations"));
    const started = await start(url);
    expect(await started.look()).toEqual(unready);
    return started;
  });
  await posta.serving;
  expect(await look()).toEqual(ready);
});

it("is not ready until another Posta has migrated", { timeout: 30_000 }, async () => {
  const { url, store } = await open(readMigrations().length - 1);
  const { posta, look } = await start(url, { POSTA_DELIVERIES: "0" });
  expect(await look()).toEqual(unready);
  await migrate(store, log);
  await posta.serving;
  expect(await look()).toEqual(ready);
});

it("serves queues where nobody makes a schema, and none was ever there", { timeout: 30_000 }, async () => {
  const { url } = await open(0);
  const { posta, look } = await start(url, { POSTA_DELIVERIES: "0" });
  await posta.serving;
  expect(await look()).toEqual(ready);
});

it("serves queues after PostgreSQL is gone in the middle of it", { timeout: 30_000 }, async () => {
  const server = await startPostgres();
  releases.push(() => server.stop());
  const store = openDatabase(readConfig({ POSTA_DATABASE_URL: server.url }), log);
  releases.push(() => store.close());
  await migrate(store, log, readMigrations().slice(0, -1));
  const { posta, look } = await start(server.url, { POSTA_DELIVERIES: "0" });
  expect(await look()).toEqual(unready);
  await server.kill("SIGQUIT");
  await posta.serving;
  expect(await look()).toEqual(ready);
});
