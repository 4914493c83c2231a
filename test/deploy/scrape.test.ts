import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readTargets } from "../../slo/targets.js";
import { TestClient } from "../support/client.js";
import { startCluster, type TestCluster } from "../support/posta.js";
import { useReleases } from "../support/releases.js";
import { startWhatsApp } from "../support/whatsapp-server.js";
import { promtool } from "./promtool.js";
import { allQueries, blocksOf, groupingsOf, readRunbook, selectorsOf } from "./queries.js";

/** Alerts, dashboard and runbook against a Posta that runs, with stores of its own, and has done some of everything. */

const sender = "100200300";
const releases = useReleases(afterAll);
let cluster: TestCluster;
let text: string;

beforeAll(async () => {
  const whatsapp = await startWhatsApp({ token: "secret" });
  releases.push(() => whatsapp.stop());
  cluster = await startCluster({
    POSTA_METRICS_INTERVAL: "100ms",
    POSTA_LOG_LEVEL: "error",
    POSTA_WHATSAPP_SENDERS: sender,
    POSTA_WHATSAPP_URL: whatsapp.url,
    POSTA_WHATSAPP_TOKEN: "secret",
  });
  releases.push(() => cluster.stop());
  await until(async () => (await cluster.health()).status === "OK");
  await doSomeOfAll();
  await until(async () => /^posta_whatsapp_request_seconds_count\{/m.test(await scrape()));
  text = await scrape();
});

const until = (isSo: () => Promise<boolean>) =>
  vi.waitFor(async () => expect(await isSo()).toBe(true), { timeout: 30_000, interval: 50 });

const scrape = async () => (await fetch(`${cluster.adminUrl}/metrics`)).text();

async function doSomeOfAll(): Promise<void> {
  const client = new TestClient(`127.0.0.1:${cluster.port}`);
  releases.push(() => client.close());
  await client.queue("AddJob", { queue: "emails", job: { name: "welcome" } });
  await client.queue("GetQueue", { queue: "emails" });
  const { jobs } = await client.worker("LeaseJobs", { queue: "emails", worker: "w" });
  const [{ jobId, leaseToken }] = jobs;
  await client.worker("ReportOutcomes", { queue: "emails", reports: [{ jobId, leaseToken, complete: {} }] });
  await client.call("posta.analytics.v1.AnalyticsService", "TrackEvent", { event: { name: "opened" } });
  const message = { to: "+491701234567", text: { body: "hello" } };
  await client.call("posta.message.v1.MessageService", "SendMessage", { message });
  const minute = Math.floor(Date.now() / 60_000) * 60;
  const counters = { series: [{ name: "opened" }], start: { seconds: minute - 600 }, end: { seconds: minute } };
  await client.call("posta.analytics.v1.AnalyticsService", "GetCounters", counters);
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ queue: "emails", job: { name: "welcome" } });
  await fetch(`${cluster.httpUrl}/posta.queue.v1.QueueService/AddJob`, { method: "POST", headers, body });
}

/** The metrics of the scrape, and the labels that each sample has. */
function parse() {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type]));
  const samples = [...text.matchAll(/^([a-z0-9_]+)(?:\{(.*)\})? \S+$/gm)].map(([, name = "", labels = ""]) => ({
    name,
    labels: new Map([...labels.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, label = "", value = ""]) => [label, value])),
  }));
  return { types, samples };
}

/** Labels that Prometheus adds, and those of rules. */
const others = ["job", "instance", "le", "objective", "kind"];

describe("a scrape of a cluster", () => {
  it("is clean for promtool", () => {
    expect(promtool(["check", "metrics"], text)).toEqual({ status: 0, output: "" });
  });

  it("has every metric that rules, dashboard and runbook name, with the labels that they ask for", () => {
    const { types, samples } = parse();
    const base = (metric: string) => metric.replace(/_(bucket|count|sum)$/, "");
    const isThere = (metric: string) => types.has(metric) || types.get(base(metric)) === "histogram";
    const queries = allQueries(readTargets());
    expect(queries.flatMap(({ expr }) => selectorsOf(expr)).length).toBeGreaterThan(100);
    const missing = queries.flatMap(({ from, expr }) =>
      selectorsOf(expr).flatMap(({ metric, matchers }) => {
        if (!isThere(metric)) return [`${from}: ${metric}`];
        const found = samples.filter(({ name }) => name === metric);
        const wrong = matchers.filter(
          ({ label }) => found.length > 0 && !found.some(({ labels }) => labels.has(label)),
        );
        return wrong.map(({ label }) => `${from}: ${metric}{${label}}`);
      }),
    );
    expect(missing).toEqual([]);
  });

  it("has the bounds that objectives are counted by", () => {
    const { samples } = parse();
    const asked = allQueries(readTargets()).flatMap(({ expr }) =>
      selectorsOf(expr).filter(({ matchers }) => matchers.some(({ label }) => label === "le")),
    );
    expect(asked.length).toBeGreaterThan(0);
    for (const { metric, matchers } of asked) {
      const bound = matchers.find(({ label }) => label === "le")?.value as string;
      const bounds = samples.filter(({ name }) => name === metric).map(({ labels }) => labels.get("le") as string);
      expect(
        bounds.some((le) => new RegExp(`^(${bound})$`).test(le)),
        `${metric} up to ${bound}`,
      ).toBe(true);
    }
  });

  it("has the labels that are grouped by", () => {
    const labels = new Set(parse().samples.flatMap((sample) => [...sample.labels.keys()]));
    // Of metrics that have no sample as long as all is well.
    for (const rare of ["sender", "code", "reason", "field"]) labels.add(rare);
    const grouped = new Set(allQueries(readTargets()).flatMap(({ expr }) => groupingsOf(expr)));
    expect(grouped.size).toBeGreaterThan(3);
    expect([...grouped].filter((label) => !labels.has(label) && !others.includes(label))).toEqual([]);
  });
});

describe("the runbook's commands", () => {
  const repository = fileURLToPath(new URL("../..", import.meta.url));
  const addresses = () => ({
    ADMIN: cluster.adminUrl,
    QUEUE_REDIS: `${cluster.dataDir}/queue-redis/redis.sock`,
    ANALYTICS_REDIS: `${cluster.dataDir}/analytics-redis/redis.sock`,
    POSTA_GRPC_PORT: String(cluster.port),
  });
  const commands = [...readRunbook()].flatMap(([name, page]) =>
    blocksOf(page, "sh").flatMap((block) =>
      block
        .trimEnd()
        .split("\n")
        .map((command) => ({ name, command })),
    ),
  );
  // SQL is run in runbook.test.ts, where there is no psql either.
  const toRun = commands.filter(
    ({ command }) => !command.startsWith("psql") && !command.includes("graph.facebook.com"),
  );

  it("work as they are written", async () => {
    const run = promisify(execFile);
    const failed: string[] = [];
    expect(toRun.length).toBeGreaterThan(10);
    for (const { name, command } of new Map(toRun.map((one) => [one.command, one])).values()) {
      const script = `set -euo pipefail\n${command}`;
      const {
        stdout,
        stderr,
        code = 0,
      } = await run("bash", ["-c", script], {
        cwd: repository,
        env: { ...process.env, ...addresses() },
      }).catch((error) => error);
      // Redis and the admin port tell what is wrong in their answers. 141: head has read enough.
      const isWrong = stderr !== "" || ![0, 141].includes(code) || /^(ERR|WRONGTYPE|not found;)/m.test(stdout);
      if (isWrong) failed.push(`${name}: ${command}: ${code} ${stderr} ${stdout}`);
    }
    expect(failed).toEqual([]);
  });
});
