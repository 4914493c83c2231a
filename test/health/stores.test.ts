import pg from "pg";
import { beforeEach, describe, expect, it } from "vitest";
import { migrate } from "../../src/store/postgres/apply-migrations.js";
import { openDatabase } from "../../src/store/postgres/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { TestClient } from "../support/client.js";
import { startServer } from "../support/posta.js";
import { startPostgres, type TestPostgres } from "../support/postgres.js";
import { startRedis, type TestRedis } from "../support/redis.js";
import { useReleases } from "../support/releases.js";

const queueService = "posta.queue.v1.QueueService";
const analyticsService = "posta.analytics.v1.AnalyticsService";
const messageService = "posta.message.v1.MessageService";
/** What a probe may take to flip, each way: twice what is promised, as other tests use the machine too. */
const flipMs = 4000;
/** What GetHealth may take, also while a store hangs; of some answers the fastest, for the same reason. */
const answerMs = 50;
const asks = 5;

const releases = useReleases();

interface Check {
  name: string;
  status: string;
  detail: string;
}

/** A server with all its stores its own, under load. */
async function setup() {
  const [queue, analytics, postgres] = await Promise.all([startRedis(), startRedis(), startPostgres()]);
  releases.push(() => Promise.all([queue.stop(), analytics.stop(), postgres.stop()]));
  const posta = await startServer(queue.url, {
    POSTA_ANALYTICS_REDIS_URL: analytics.url,
    POSTA_DATABASE_URL: postgres.url,
  });
  releases.push(() => posta.stop());
  const log = createLog("test", "silent");
  const database = openDatabase(posta.config, log);
  await migrate(database, log).finally(() => database.close());
  await posta.serving;
  const client = new TestClient(`127.0.0.1:${posta.port}`);
  releases.push(() => client.close());
  const bundle = {
    queue,
    analytics,
    postgres,
    client,
    async health(): Promise<{ status: string; checks: Record<string, string>; took: number }> {
      let took = Number.POSITIVE_INFINITY;
      let answer: { status: string; checks: Check[] } = { status: "", checks: [] };
      for (let asked = 0; asked < asks; asked += 1) {
        const begun = performance.now();
        answer = await client.call("posta.health.v1.HealthService", "GetHealth", {});
        took = Math.min(took, performance.now() - begun);
      }
      const { status, checks } = answer;
      return { status, checks: Object.fromEntries(checks.map(({ name, status }: Check) => [name, status])), took };
    },
    async probe(service: string): Promise<string> {
      return (await client.call("grpc.health.v1.Health", "Check", { service })).status;
    },
    /** Resolves to how long it took until a service was so. */
    async untilProbe(service: string, wanted: string): Promise<number> {
      const begun = performance.now();
      await expect.poll(() => bundle.probe(service), { interval: 20 }).toBe(wanted);
      return performance.now() - begun;
    },
  };
  for (const service of [queueService, analyticsService, messageService]) await bundle.untilProbe(service, "SERVING");
  load(posta.port);
  return bundle;
}

type Bundle = Awaited<ReturnType<typeof setup>>;

/** Adds jobs and tracks events until the test ends, eight calls at a time; some fail, as a store is gone. */
function load(port: number): void {
  const client = new TestClient(`127.0.0.1:${port}`);
  let ended = false;
  const options = { deadlineMs: 1000 };
  async function call(): Promise<void> {
    while (!ended) {
      const job = client.queue("AddJob", { queue: "load", job: { name: "n", dataJson: "1" } }, options);
      const event = client.call(analyticsService, "TrackEvent", { event: { name: "load" } }, options);
      await Promise.allSettled([job, event]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const calls = Array.from({ length: 8 }, call);
  releases.push(async () => {
    ended = true;
    await Promise.all(calls);
    client.close();
  });
}

/** PostgreSQL is many processes: its backends, and what would make new ones. */
async function pidsOf({ url, pid }: TestPostgres): Promise<number[]> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client
    .query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
    .finally(() => client.end());
  return [pid, ...rows.map((row) => row.pid)];
}

function signal(pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, name);
}

const faults = [
  { store: "redis-analytics", service: analyticsService, of: (bundle: Bundle) => bundle.analytics },
  { store: "postgres", service: messageService, of: (bundle: Bundle) => bundle.postgres },
] as const;

describe.each(faults)("a server under load whose $store", ({ store, service, of }) => {
  let bundle: Bundle;
  beforeEach(async () => {
    bundle = await setup();
  });

  it("is killed says so in time, goes on adding jobs, and is well in time when it is back", async () => {
    await of(bundle).kill();
    expect(await bundle.untilProbe(service, "NOT_SERVING")).toBeLessThan(flipMs);
    const lost = await bundle.health();
    expect(lost).toMatchObject({ status: "HEALTH_STATUS_DEGRADED", checks: { [store]: "HEALTH_STATUS_DOWN" } });
    expect(lost.checks.queue).toBe("HEALTH_STATUS_OK");
    expect(await bundle.probe("")).toBe("SERVING");
    await of(bundle).restart();
    expect(await bundle.untilProbe(service, "SERVING")).toBeLessThan(flipMs);
    expect((await bundle.health()).checks[store]).toBe("HEALTH_STATUS_OK");
  });

  it("hangs says so in time, at once when asked, and is well in time when it goes on", async () => {
    const server = of(bundle);
    const pids = store === "postgres" ? await pidsOf(server as TestPostgres) : [server.pid];
    signal(pids, "SIGSTOP");
    expect((await bundle.health()).took).toBeLessThan(answerMs);
    expect(await bundle.untilProbe(service, "NOT_SERVING")).toBeLessThan(flipMs);
    const { checks, took } = await bundle.health();
    expect(took).toBeLessThan(answerMs);
    expect(checks[store]).toBe("HEALTH_STATUS_DOWN");
    expect(await bundle.probe(queueService)).toBe("SERVING");
    signal(pids, "SIGCONT");
    expect(await bundle.untilProbe(service, "SERVING")).toBeLessThan(flipMs);
  });
});

describe("a server under load whose queue's Redis", () => {
  it.each(["SIGKILL", "SIGSTOP"] as const)("gets %s spools: DEGRADED, and SERVING all the time", async (kind) => {
    const bundle = await setup();
    const { queue } = bundle;
    const stream = bundle.client.watchHealth(queueService);
    const statuses: string[] = [];
    stream.on("data", ({ status }: { status: string }) => statuses.push(status));
    stream.on("error", () => {}); // It is cancelled below.
    if (kind === "SIGKILL") await queue.kill();
    else process.kill(queue.pid, "SIGSTOP");
    const begun = performance.now();
    await expect
      .poll(async () => (await bundle.health()).checks, { interval: 20 })
      .toMatchObject({ "redis-queue": "HEALTH_STATUS_DOWN", queue: "HEALTH_STATUS_DEGRADED" });
    expect(performance.now() - begun).toBeLessThan(flipMs);
    expect((await bundle.health()).took).toBeLessThan(answerMs);
    expect(await bundle.client.queue("AddJob", { queue: "q", job: { name: "n" } })).toMatchObject({
      outcome: "OUTCOME_SPOOLED",
    });
    await revive(queue, kind);
    const back = performance.now();
    await expect
      .poll(async () => (await bundle.health()).checks, { interval: 20 })
      .toMatchObject({ "redis-queue": "HEALTH_STATUS_OK", queue: "HEALTH_STATUS_OK" });
    expect(performance.now() - back).toBeLessThan(flipMs);
    expect(statuses).toEqual(["SERVING"]);
    stream.cancel();
  });

  it("is lost together with PostgreSQL is DOWN, and tells each change once", async () => {
    const bundle = await setup();
    const stream = bundle.client.watchHealth("");
    const statuses: string[] = [];
    stream.on("data", ({ status }: { status: string }) => statuses.push(status));
    stream.on("error", () => {}); // It is cancelled below.
    await bundle.postgres.kill();
    await bundle.untilProbe(messageService, "NOT_SERVING");
    await bundle.queue.kill();
    expect(await bundle.untilProbe("", "NOT_SERVING")).toBeLessThan(flipMs);
    expect(await bundle.health()).toMatchObject({ status: "HEALTH_STATUS_DOWN" });
    expect(await bundle.probe("posta.health.v1.HealthService")).toBe("SERVING");
    await bundle.queue.restart();
    expect(await bundle.untilProbe("", "SERVING")).toBeLessThan(flipMs);
    await expect.poll(() => statuses).toEqual(["SERVING", "NOT_SERVING", "SERVING"]);
    stream.cancel();
  });

  it("comes and goes is told to be in doubt", async () => {
    const bundle = await setup();
    for (let times = 0; times < 3; times += 1) {
      await bundle.analytics.kill();
      await bundle.untilProbe(analyticsService, "NOT_SERVING");
      await bundle.analytics.restart();
      await bundle.untilProbe(analyticsService, "SERVING");
    }
    expect((await bundle.health()).checks["redis-analytics"]).toBe("HEALTH_STATUS_DEGRADED");
    expect(await bundle.probe(analyticsService)).toBe("SERVING");
  });
});

async function revive(redis: TestRedis, kind: "SIGKILL" | "SIGSTOP"): Promise<void> {
  if (kind === "SIGKILL") await redis.restart();
  else process.kill(redis.pid, "SIGCONT");
}
