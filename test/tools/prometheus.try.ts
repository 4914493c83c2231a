import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTargets } from "../../slo/targets.js";
import { allQueries } from "../deploy/queries.js";
import { useReleases } from "../support/releases.js";
import { type Loaded, ratePerSecond, startLoaded } from "./cluster.js";
import { type Prometheus, startPrometheus } from "./prometheus.js";

/** Prometheus itself, with the example's settings and rules, on a cluster under load. */

const releases = useReleases(afterAll);
let posta: Loaded;
let prometheus: Prometheus;

beforeAll(async () => {
  posta = await startLoaded();
  releases.push(() => posta.stop());
  prometheus = await startPrometheus(new URL(posta.cluster.adminUrl).host);
  releases.push(() => prometheus.stop());
});

describe("Prometheus", () => {
  it("scrapes the cluster, and counts what was sent", async () => {
    await expect
      .poll(async () => (await prometheus.ask("targets")).data.activeTargets[0]?.health, { timeout: 20_000 })
      .toBe("up");
    const added = 'sum(rate(grpc_server_handled_total{grpc_method="AddJob",grpc_code="OK"}[10s]))';
    await expect
      .poll(() => prometheus.valueOf(added), { timeout: 40_000, interval: 500 })
      .toBeGreaterThan(ratePerSecond * 0.8);
    expect(await prometheus.valueOf(added)).toBeLessThan(ratePerSecond * 1.2);
    const { lastScrapeDuration, lastError } = (await prometheus.ask("targets")).data.activeTargets[0] ?? {};
    expect(lastError).toBe("");
    console.log(`the last scrape took ${((lastScrapeDuration ?? 0) * 1000).toFixed(0)} ms`);
  });

  it("has all rules loaded, and no fault with any", async () => {
    const rules = async () => (await prometheus.ask("rules")).data.groups.flatMap(({ rules }) => rules);
    await expect
      .poll(async () => (await rules()).every(({ health }) => health === "ok"), { timeout: 30_000 })
      .toBe(true);
    expect((await rules()).length).toBeGreaterThan(30);
  });

  it("answers every query of rules, dashboard and runbook", async () => {
    const queries = allQueries(readTargets());
    expect(queries.length).toBeGreaterThan(100);
    for (const { from, expr } of queries) {
      const { status, error } = await prometheus.ask(
        `query?query=${encodeURIComponent(expr.replaceAll("$__rate_interval", "1m"))}`,
      );
      expect({ from, expr, status, error }).toMatchObject({ status: "success" });
    }
  });

  it("fires no alert while all is well", async () => {
    expect(await prometheus.valueOf('count(ALERTS{alertstate="firing"}) or vector(0)')).toBe(0);
  });
});
