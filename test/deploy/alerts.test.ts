import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { createGroups } from "../../slo/alerts/groups.js";
import { type Alert, type Recording, toYaml } from "../../slo/alerts/rule.js";
import { readTargets, type Target } from "../../slo/targets.js";
import { type AlertCase, cases, healthy } from "./alert-cases.js";
import { promtool } from "./promtool.js";
import { calls, histogram, minutes, type SeriesMap } from "./series.js";
import { twoHostsCases } from "./two-hosts-cases.js";

/** The alerts against Prometheus' own evaluation: promtool test rules, on produced series. */

const alertsFile = fileURLToPath(new URL("../../deploy/prometheus/alerts.yml", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "posta-alerts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const targets = readTargets();
const groups = createGroups(targets);
const alerts = groups.flatMap(({ rules }) => rules.filter((rule) => "name" in rule));

interface Expectation {
  name: string;
  series: SeriesMap;
  /** An expression at the end of the series, and its value; undefined: there is none. */
  expr: string;
  value: number | undefined;
}

/** How often rules are evaluated. Objectives look at windows of hours and days: seldom is enough for them, and quicker. */
const often = "1m";
const seldom = "5m";

/** The rules that one test needs: all of them, over windows of days, take promtool seconds. */
function rulesFor(isNeeded: (rule: Recording | Alert) => boolean): string {
  const path = join(folder, `rules-${randomUUID()}.yml`);
  writeFileSync(path, toYaml(groups.map(({ name, rules }) => ({ name, rules: rules.filter(isNeeded) }))));
  return path;
}

/** A test file of promtool's. It is JSON, which YAML contains. */
function writeTests(rulesFile: string, expectations: Expectation[], evaluated: string): string {
  const tests = expectations.map(({ name, series, expr, value }) => ({
    name,
    interval: "1m",
    input_series: Object.entries({ ...healthy, ...series }).map(([key, values]) => ({ series: key, values })),
    promql_expr_test: [
      { expr, eval_time: `${minutes}m`, exp_samples: value === undefined ? [] : [{ labels: "{}", value }] },
    ],
  }));
  const path = join(folder, `test-${randomUUID()}.json`);
  writeFileSync(path, JSON.stringify({ rule_files: [rulesFile], evaluation_interval: evaluated, tests }));
  return path;
}

function requirePassed(rulesFile: string, expectations: Expectation[], evaluated: string): void {
  const { status, output } = promtool(["test", "rules", writeTests(rulesFile, expectations, evaluated)]);
  expect(output).toMatch(/SUCCESS/);
  expect(status).toBe(0);
}

const isBudget = (rule: Recording | Alert) => "name" in rule && /Budget$/.test(rule.name);

const firing = (matchers: string) => `count(ALERTS{alertstate="firing",${matchers}})`;

describe("the alerts", () => {
  it("are sound for promtool", () => {
    const { status, output } = promtool(["check", "rules", alertsFile]);
    expect(output).toMatch(/SUCCESS: \d+ rules found/);
    expect(status).toBe(0);
    const config = fileURLToPath(new URL("../../deploy/prometheus/prometheus.yml", import.meta.url));
    expect(promtool(["check", "config", config]).status).toBe(0);
  });

  it("are silent, and not even pending, for a Posta that is well", () => {
    requirePassed(alertsFile, [{ name: "healthy", series: {}, expr: "count(ALERTS)", value: undefined }], seldom);
  });

  it("have a case each", () => {
    const named = (list: { name: string; severity: string }[]) =>
      new Set(list.map(({ name, severity }) => `${name} ${severity}`));
    const all = named(alerts.filter((alert) => !isBudget(alert)));
    expect(named(cases)).toEqual(all);
  });

  it.each(cases)("fire for what they are for, and not for what comes close: $name ($severity)", (one: AlertCase) => {
    const expr = firing(`alertname="${one.name}",severity="${one.severity}"`);
    requirePassed(
      rulesFor((rule) => "name" in rule && rule.name === one.name),
      [
        { name: "fires", series: one.fires, expr, value: 1 },
        { name: "silent", series: one.silent, expr, value: undefined },
      ],
      often,
    );
  });

  it.each(twoHostsCases)("of two hosts on the same stores fire $what: $name", ({ name, series, firing: value }) => {
    requirePassed(
      rulesFor((rule) => "name" in rule && rule.name === name),
      [{ name: "two hosts", series, expr: firing(`alertname="${name}"`), value }],
      often,
    );
  });

  it("know a Posta that Prometheus does not know", () => {
    const unknown = Object.fromEntries(Object.keys(healthy).map((key) => [key, `_x${minutes}`]));
    const expr = firing('alertname="PostaDown"');
    requirePassed(
      rulesFor((rule) => "name" in rule && rule.name === "PostaDown"),
      [{ name: "absent", series: unknown, expr, value: 1 }],
      often,
    );
  });

  it("need some calls to judge by: one bad call in a quiet night wakes nobody", () => {
    const series = calls("AddJob", { "0.004": 0.3, "9": 0.3 }, { OK: 0.3, UNAVAILABLE: 0.3 });
    const quiet = { ...series, ...calls("GetJob", {}, {}), ...calls("TrackEvent", {}, {}) };
    const silenced = Object.fromEntries(Object.keys(healthy).map((key) => [key, quiet[key] ?? `_x${minutes}`]));
    const alerts = ['alertname=~"Posta.*Budget",window="1h"', 'alertname=~"PostaHigh(Latency|ErrorRate)"'];
    const expr = alerts.map(firing).join(" or ");
    requirePassed(alertsFile, [{ name: "quiet", series: silenced, expr, value: undefined }], seldom);
  });
});

/** How fast a budget burns at which somebody is told, by the longer window. */
const burns = { "1h": 14.4, "6h": 6, "3d": 1 };

const methodsOf: Record<string, (perMinute: Record<string, number>) => SeriesMap> = {
  "queue-add": (perMinute) => calls("AddJob", perMinute),
  read: (perMinute) => calls("GetJob", perMinute),
  "analytics-write": (perMinute) => calls("TrackEvent", perMinute),
  "analytics-read": (perMinute) => calls("GetCounters", perMinute),
  "message-send": (perMinute) => calls("SendMessage", perMinute),
  "whatsapp-send": (perMinute) => histogram("posta_whatsapp_request_seconds", { kind: "accepted" }, perMinute),
};

/** Calls of which a share is bad: beyond the objective, or failed. */
function withBad({ indicator, objective }: Target, share: number): SeriesMap {
  const bad = 600 * share;
  // Those of all methods.
  if (indicator.kind === "errors") {
    return calls("AddJob", { "0.004": 600 }, { OK: 600 - 3 * bad, UNAVAILABLE: 3 * bad });
  }
  if (indicator.kind !== "latency") throw new Error("this target is not about calls");
  const slow = { [objective / 1000]: 600 - bad, [(objective / 1000) * 3]: bad };
  return (methodsOf[indicator.operation] as (typeof methodsOf)[string])(slow);
}

describe("the budget of", () => {
  const aboutCalls = targets.filter(({ indicator }) => ["latency", "errors"].includes(indicator.kind));

  it.each(aboutCalls)("$id is watched at each pace", (target) => {
    const { id, indicator, objective } = target;
    const budget = indicator.kind === "latency" ? (100 - indicator.percentile) / 100 : objective / 100;
    const expectations = Object.entries(burns).flatMap(([window, burn]) => {
      const expr = firing(`objective="${id}",window="${window}"`);
      const silent = { name: `${window} silent`, series: withBad(target, Math.min(1, 0.9 * burn * budget)), expr };
      // A median can burn twice as fast as it may, and no faster.
      if (1.1 * burn * budget > 1) return [{ ...silent, value: undefined }];
      const fires = { name: `${window} fires`, series: withBad(target, 1.1 * burn * budget), expr };
      return [
        { ...silent, value: undefined },
        { ...fires, value: 1 },
      ];
    });
    expect(expectations.some(({ value }) => value === 1)).toBe(true);
    requirePassed(
      rulesFor((rule) => isBudget(rule) || ("record" in rule && rule.labels.objective === id)),
      expectations,
      seldom,
    );
  });
});
