/** A series that Prometheus computes and keeps. */
export interface Recording {
  record: string;
  expr: string;
  labels: Record<string, string>;
}

/** page: somebody has to get up. ticket: somebody has to look at it on the next day. */
export type Severity = "page" | "ticket";

/** An alert. Its page of the runbook is docs/runbook/<name>.md; two of a name share it. */
export interface Alert {
  name: string;
  severity: Severity;
  /** Beside its severity, where two of a name have the same. */
  labels?: Record<string, string>;
  expr: string;
  /** How long it has to be so: "5m". */
  for: string;
  /** One line, with the value. */
  summary: string;
  /** What it means for whom. */
  description: string;
}

export interface Group {
  name: string;
  rules: (Recording | Alert)[];
}

/** Groups as Prometheus' rule file. Every text is quoted as JSON is, which YAML reads. `runbooks`: where the pages are. */
export function toYaml(groups: readonly Group[], runbooks = "docs/runbook"): string {
  return `# Made by make alerts from slo/targets.json and slo/alerts/. Changes are made there.\ngroups:\n${groups.map((group) => showGroup(group, runbooks)).join("")}`;
}

function showGroup({ name, rules }: Group, runbooks: string): string {
  return `  - name: ${name}\n    rules:\n${rules.map((rule) => ("record" in rule ? showRecording(rule) : showAlert(rule, runbooks))).join("")}`;
}

function showRecording({ record, expr, labels }: Recording): string {
  return `      - record: ${record}\n${showExpr(expr)}${showMap("labels", labels)}`;
}

function showAlert(alert: Alert, runbooks: string): string {
  const { name, severity, labels, expr, for: duration, summary, description } = alert;
  const annotations = { summary, description, runbook_url: `${runbooks}/${name}.md` };
  return `      - alert: ${name}\n${showExpr(expr)}        for: ${duration}\n${showMap("labels", { severity, ...labels })}${showMap("annotations", annotations)}`;
}

function showExpr(expr: string): string {
  return `        expr: |-\n${expr.replace(/^/gm, "          ")}\n`;
}

function showMap(name: string, map: Record<string, string>): string {
  const lines = Object.entries(map).map(([key, value]) => `          ${key}: ${JSON.stringify(value)}\n`);
  return `        ${name}:\n${lines.join("")}`;
}
