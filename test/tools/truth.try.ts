import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createGroups } from "../../slo/alerts/groups.js";
import { readTargets } from "../../slo/targets.js";
import { TestClient } from "../support/client.js";
import { startCluster, type TestCluster } from "../support/posta.js";
import { startPostgres } from "../support/postgres.js";
import { startRedis } from "../support/redis.js";
import { type Release, releaseAll } from "../support/releases.js";
import { type Fault, processFaults, storeFaults } from "./faults.js";
import { type Prometheus, startPrometheus } from "./prometheus.js";
import { SlowWay } from "./slow-way.js";
import { type Truth, truths } from "./truth-table.js";

/** Each store and each kind of process is killed, stopped and slowed under load: what is told of it, and that it is over in the end. */

const slowMs = 280; // Each way.
/** Of a call: a server that is stopped answers none. */
const patience = { deadlineMs: 2000 };
const [toldMs, overMs] = [15_000, 40_000];
const releases: Release[] = [];
const report: string[] = [];
const faults: Record<string, Record<string, Fault>> = {};
let cluster: TestCluster;
/** Each has a connection of its own, and so each server has one of them at least. */
const clients: TestClient[] = [];
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
  releases.push(disconnect);
  const timer = setInterval(load, 20);
  releases.push(() => clearInterval(timer));
  prometheus = await startPrometheus(new URL(cluster.adminUrl).host);
  releases.push(() => prometheus.stop());
}, 90_000);
afterAll(async () => {
  console.log(report.join("\n"));
  await releaseAll(releases);
});

/** Anew before each fault: once a server was killed, the other one has all connections. */
beforeEach(() => {
  disconnect();
  while (clients.length < 4) clients.push(new TestClient(`127.0.0.1:${cluster.port}`));
});

function disconnect(): void {
  for (const client of clients.splice(0)) client.close();
}

/** There is one for each truth. */
function faultOf(what: string, how: string): Fault {
  const fault = faults[what]?.[how];
  if (!fault) throw new Error(`${what} cannot be ${how}`);
  return fault;
}

/** Some of everything; what fails meanwhile fails. */
function load(): void {
  const ignore = () => {};
  const client = clients.shift();
  if (!client) return;
  clients.push(client);
  client.queue("AddJob", { queue: "q", job: { name: "n" } }, patience).catch(ignore);
  client.call("posta.analytics.v1.AnalyticsService", "TrackEvent", { event: { name: "e" } }, patience).catch(ignore);
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

/** The services that a server says are NOT_SERVING. */
async function notServing(): Promise<string[]> {
  const asked = services.map(async (service) => {
    const ask = (client: TestClient) => client.call("grpc.health.v1.Health", "Check", { service }, patience);
    const answers = await Promise.allSettled(clients.map(ask));
    const statuses = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value.status] : []));
    if (statuses.length === 0) throw new Error("no server answers");
    return statuses.includes("NOT_SERVING") ? [service] : [];
  });
  return (await Promise.all(asked)).flat();
}

const statusOf = async () =>
  (await (await fetch(`${cluster.adminUrl}/status?format=json`)).json()) as { state: string };
const isTrue = async (expr: string) => (await prometheus.query(expr)).length > 0;
const seconds = (from: number) => `${((performance.now() - from) / 1000).toFixed(1)} s`;

/** Answers what was bad last, and until when. */
async function untilWell(): Promise<string> {
  const begun = performance.now();
  let last = "nothing";
  const look = async () => {
    const { status, checks } = await cluster.health();
    const bad = checks.filter((check) => check.status !== "OK");
    if (status !== "OK") last = `${bad.map(({ name, detail }) => `${name}: ${detail}`).join(" ")} ${seconds(begun)}`;
    return status;
  };
  await expect.poll(look, { timeout: overMs, interval: 50 }).toBe("OK");
  await expect.poll(notServing, { timeout: overMs, interval: 50 }).toEqual([]);
  return `well again ${seconds(begun)}, last bad: ${last}`;
}

/** Holds what is told while something is wrong against the table; answers how long each took to be told. */
async function observe({ health, check, notServing: lost, metric, alert }: Truth): Promise<string[]> {
  const begun = performance.now();
  const times: string[] = [];
  const told = (what: string) => times.push(`${what} ${seconds(begun)}`);
  if (health !== "OK") {
    await expect.poll(async () => (await cluster.health()).status, { timeout: toldMs, interval: 10 }).toBe(health);
  }
  if (check) {
    const [name, status] = check;
    const found = async () => (await cluster.health()).checks.find((one) => one.name === name)?.status;
    await expect.poll(found, { timeout: toldMs, interval: 10 }).toBe(status);
  }
  told("health");
  await expect.poll(notServing, { timeout: toldMs, interval: 10 }).toEqual(lost);
  told("services");
  await expect.poll(() => isTrue(metric), { timeout: toldMs, interval: 100 }).toBe(true);
  told("metric");
  await expect.poll(() => isTrue(alertOf(alert)), { timeout: 2 * toldMs, interval: 200 }).toBe(true);
  told("alert");
  if (health !== "OK") expect((await statusOf()).state).not.toBe("OK");
  return times;
}

describe.each(Object.entries(truths))("%s", (what, ofWhat) => {
  it.each(Object.entries(ofWhat))(
    "%s: health, metrics, alert and status tell of it, and that it is over",
    async (how, truth) => {
      await untilWell();
      await expect.poll(() => isTrue(alertOf(truth.alert)), { timeout: overMs }).toBe(false);
      const mend = await faultOf(what, how)();
      const times = await observe(truth).finally(mend);
      report.push(`${what} ${how}: ${[...times, await untilWell()].join(", ")}`);
    },
    150_000,
  );
});
