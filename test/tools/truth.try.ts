import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGroups } from "../../perf/alerts/groups.js";
import { readTargets } from "../../perf/targets.js";
import { TestClient } from "../support/client.js";
import { startCluster, type TestCluster } from "../support/posta.js";
import { startPostgres } from "../support/postgres.js";
import { startRedis } from "../support/redis.js";
import { type Fault, processFaults, storeFaults } from "./faults.js";
import { type Prometheus, startPrometheus } from "./prometheus.js";
import { SlowWay } from "./slow-way.js";
import { truths } from "./truth-table.js";

/** Each store and each kind of process is killed, stopped and slowed under load: what is told of it, and that it is over in the end. */

const slowMs = 280; // Each way.
const [toldMs, overMs] = [15_000, 40_000];
const releases: (() => unknown)[] = [];
const report: string[] = [];
const faults: Record<string, Record<string, Fault>> = {};
let cluster: TestCluster;
let client: TestClient;
let prometheus: Prometheus;

beforeAll(async () => {
  const [queue, analytics, postgres] = [
    await startRedis(),
    await startRedis({ appendonly: "no" }),
    await startPostgres(),
  ];
  for (const store of [queue, analytics, postgres]) releases.push(() => store.stop());
  const folder = new URL(postgres.url).searchParams.get("host");
  const ways = [queue.socket, analytics.socket, `${folder}/.s.PGSQL.5432`].map((path) => new SlowWay(path));
  const ports = await Promise.all(ways.map((way) => way.start()));
  for (const way of ways) releases.push(() => way.stop());
  cluster = await startCluster({
    POSTA_QUEUE_REDIS_URL: `redis://127.0.0.1:${ports[0]}`,
    POSTA_ANALYTICS_REDIS_URL: `redis://127.0.0.1:${ports[1]}`,
    POSTA_DATABASE_URL: `postgresql://posta@127.0.0.1:${ports[2]}/postgres`,
    POSTA_METRICS_INTERVAL: "1s",
    POSTA_LOG_LEVEL: "silent",
  });
  releases.push(() => cluster.stop());
  for (const [name, store] of Object.entries({ "redis-queue": queue, "redis-analytics": analytics, postgres })) {
    faults[name] = storeFaults(store, ways[Object.keys(faults).length] as SlowWay, slowMs);
  }
  const firstOf = (role: "servers" | "deliveries") => async () => (await cluster.health())[role][0]?.pid as number;
  faults.server = processFaults(firstOf("servers"));
  faults.delivery = processFaults(firstOf("deliveries"));
  client = new TestClient(`127.0.0.1:${cluster.port}`);
  releases.push(() => client.close());
  const timer = setInterval(load, 20);
  releases.push(() => clearInterval(timer));
  prometheus = await startPrometheus(new URL(cluster.adminUrl).host);
  releases.push(() => prometheus.stop());
}, 90_000);
afterAll(async () => {
  console.log(report.join("\n"));
  for (const release of releases.splice(0).reverse()) await release();
});

/** There is one for each truth. */
function faultOf(what: string, how: string): Fault {
  const fault = faults[what]?.[how];
  if (!fault) throw new Error(`${what} cannot be ${how}`);
  return fault;
}

/** Some of everything; what fails meanwhile fails. */
function load(): void {
  const ignore = () => {};
  client.queue("AddJob", { queue: "q", job: { name: "n" } }).catch(ignore);
  client.call("posta.analytics.v1.AnalyticsService", "TrackEvent", { event: { name: "e" } }).catch(ignore);
}

/** The alert's own expression, with its windows cut to what a test has time for. */
function alertOf(name: string): string {
  const rules = createGroups(readTargets()).flatMap(({ rules }) => rules);
  const exprs = rules.flatMap((rule) => ("name" in rule && rule.name === name ? [`(${rule.expr})`] : []));
  expect(exprs.length).toBeGreaterThan(0);
  return exprs.join(" or ").replace(/\[\d+[mh]\]/g, "[5s]");
}

const services = [
  "",
  "posta.queue.v1.QueueService",
  "posta.analytics.v1.AnalyticsService",
  "posta.message.v1.MessageService",
];

/** The services that any of the servers says are NOT_SERVING: each call may come to another. */
async function notServing(): Promise<string[]> {
  const statuses = await Promise.all(
    services.map((service) => client.call("grpc.health.v1.Health", "Check", { service }).catch(() => ({ status: "" }))),
  );
  return services.filter((_, index) => statuses[index]?.status === "NOT_SERVING");
}

const statusOf = async () =>
  (await (await fetch(`${cluster.adminUrl}/status?format=json`)).json()) as { state: string };
const isTrue = async (expr: string) => (await prometheus.query(expr)).length > 0;
const seconds = (from: number) => `${((performance.now() - from) / 1000).toFixed(1)} s`;

async function untilWell(): Promise<void> {
  await expect.poll(async () => (await cluster.health()).status, { timeout: overMs, interval: 50 }).toBe("OK");
  await expect.poll(notServing, { timeout: overMs, interval: 50 }).toEqual([]);
}

describe.each(Object.entries(truths))("%s", (what, ofWhat) => {
  it.each(Object.entries(ofWhat))(
    "%s: health, metrics, alert and status tell of it, and that it is over",
    async (how, { health, check, notServing: lost, metric, alert }) => {
      await untilWell();
      await expect.poll(() => isTrue(alertOf(alert)), { timeout: overMs }).toBe(false);
      const begun = performance.now();
      const mend = await faultOf(what, how)();
      const times: string[] = [];
      if (health !== "OK") {
        await expect.poll(async () => (await cluster.health()).status, { timeout: toldMs, interval: 10 }).toBe(health);
      }
      if (check) {
        const [name, status] = check;
        const found = async () => (await cluster.health()).checks.find((one) => one.name === name)?.status;
        await expect.poll(found, { timeout: toldMs, interval: 10 }).toBe(status);
      }
      times.push(`health ${seconds(begun)}`);
      await expect.poll(notServing, { timeout: toldMs, interval: 10 }).toEqual(lost);
      times.push(`services ${seconds(begun)}`);
      await expect.poll(() => isTrue(metric), { timeout: toldMs, interval: 100 }).toBe(true);
      times.push(`metric ${seconds(begun)}`);
      await expect.poll(() => isTrue(alertOf(alert)), { timeout: 2 * toldMs, interval: 200 }).toBe(true);
      times.push(`alert ${seconds(begun)}`);
      if (health !== "OK") expect((await statusOf()).state).not.toBe("OK");
      await mend();
      const mended = performance.now();
      await untilWell();
      times.push(`well again ${seconds(mended)}`);
      report.push(`${what} ${how}: ${times.join(", ")}`);
    },
    150_000,
  );
});
