import { readdirSync, readFileSync } from "node:fs";
import { createDashboard } from "../../slo/alerts/dashboard.js";
import { createGroups } from "../../slo/alerts/groups.js";
import type { Target } from "../../slo/targets.js";

const runbook = new URL("../../docs/runbook/", import.meta.url);

/** The pages of the runbook, by the alerts that they are about. */
export function readRunbook(): Map<string, string> {
  const files = readdirSync(runbook).filter((file) => file.startsWith("Posta"));
  return new Map(files.map((file) => [file.replace(".md", ""), readFileSync(new URL(file, runbook), "utf8")]));
}

/** What the fenced blocks of a language hold. */
export function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, block]) => block as string);
}

/** Every expression of rules, dashboard and runbook, with where it is from. */
export function allQueries(targets: readonly Target[]): { from: string; expr: string }[] {
  const rules = createGroups(targets).flatMap(({ rules }) => rules);
  const fromRules = rules.map((rule) => ({ from: "name" in rule ? rule.name : rule.record, expr: rule.expr }));
  const { panels } = createDashboard(targets) as { panels: { title: string; targets?: { expr: string }[] }[] };
  const fromPanels = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ from: title, expr })));
  const fromPages = [...readRunbook()].flatMap(([name, text]) => {
    const exprs = blocksOf(text, "promql").flatMap((block) => block.trimEnd().split("\n"));
    return exprs.map((expr) => ({ from: `${name}.md`, expr }));
  });
  return [...fromRules, ...fromPanels, ...fromPages];
}

/** A metric in an expression, and the labels with values that are asked of it. */
export interface Selector {
  metric: string;
  matchers: { label: string; value: string }[];
}

/** The metrics of an expression; those that rules record are left out. */
export function selectorsOf(expr: string): Selector[] {
  const ours = /\b((?:posta|grpc|connect|nodejs|process)_[a-z0-9_]+)(?:\{([^}]*)\})?/g;
  return [...withoutGroupings(expr).matchAll(ours)].map(([, metric = "", matchers = ""]) => ({
    metric,
    matchers: [...matchers.matchAll(/([a-z_]+)=~?"([^"]*)"/g)].map(([, label = "", value = ""]) => ({ label, value })),
  }));
}

/** The labels that an expression groups by. */
export function groupingsOf(expr: string): string[] {
  return [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, labels = ""]) => labels.split(/,\s*/));
}

function withoutGroupings(expr: string): string {
  return expr.replace(/\b(?:by|on) \([^)]*\)/g, "");
}
