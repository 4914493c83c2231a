import type { Row } from "../judge/verdict.js";
import type { LoadResult } from "../suites/load.js";
import type { Sample } from "../watch/samples.js";
import type { Summary } from "./summary.js";
import { timeNote, timeRows } from "./time-table.js";

const marks: Record<Row["verdict"], string> = {
  met: "ok",
  busy: "not judged: busy machine",
  missed: "MISSED",
  critical: "CRITICAL",
  "not measured": "not measured",
};

/** The suite's rows and loads, for the terminal. */
export function formatSummary(summary: Summary): string {
  const { suite, verdict, rows, scenarios, times, findings, broken, resources } = summary;
  const lines = [
    "",
    ...align([
      ["target", "measured", "control", "beyond it", "objective", "critical", "", "scenario"],
      ...rows.map((row) => [
        row.name,
        shown(row),
        ...shownControl(row),
        limit(row, row.objective),
        limit(row, row.critical),
        marks[row.verdict],
        row.scenario ?? "",
      ]),
    ]),
    "",
    ...align([
      ["load", "offered", "answered", "failed", "P50 ms", "P95 ms", "P99 ms", "max ms"],
      ...scenarios.map(({ name, round: turn, plan, measured: { perSecond, failed, latencyMs } }) => [
        titleOf({ name, round: turn }),
        plan.rate === undefined ? `${plan.concurrency} callers` : `${round(plan.rate)}/s`,
        `${round(perSecond)}/s`,
        String(failed),
        ...[latencyMs.p50, latencyMs.p95, latencyMs.p99, latencyMs.max].map((value) => value.toFixed(2)),
      ]),
    ]),
    "",
    ...(times.length === 0 ? [] : [...align(timeRows(times)), timeNote, ""]),
    ...describeResources(resources),
    ...findings,
    ...broken.map((fault) => `BROKEN RUN: ${fault}`),
    `${suite}: ${verdictText[verdict]}`,
  ];
  return lines.join("\n");
}

const verdictText: Record<Summary["verdict"], string> = {
  met: "all objectives that could be measured are met",
  busy: "WARNING: the machine is too busy to judge every row (STRICT=1 fails for that, with status 3)",
  missed: "WARNING: an objective is missed (STRICT=1 fails for that)",
  critical: "FAILED: a critical value is passed",
  broken: "FAILED: these figures are not to be used",
};

/** A load's name in a report. */
export function titleOf({ name, round: turn }: Pick<LoadResult, "name" | "round">): string {
  return turn === undefined ? name : `${name}, round ${turn}`;
}

export function round(value: number): string {
  return (value >= 100 ? Math.round(value) : Math.round(value * 100) / 100).toLocaleString("en");
}

function shown({ value, unit }: Row): string {
  return value === undefined ? "-" : `${round(value)} ${unit}`;
}

/** The control's figure, and what the row has beyond it. */
function shownControl({ value, control, unit }: Row): [string, string] {
  if (value === undefined || control === undefined) return ["-", "-"];
  return [`${round(control)} ${unit}`, `${round(value - control)} ${unit}`];
}

function limit({ unit }: Row, value: number): string {
  return `${unit === "requests/s" ? ">" : "<"} ${value.toLocaleString("en")}`;
}

function describeResources({ samples }: Summary["resources"]): string[] {
  const most = (pick: (sample: Sample) => number | undefined) =>
    Math.max(...samples.map(pick).filter((value) => value !== undefined));
  const cores = most(({ serverCores }) => serverCores).toFixed(2);
  const peaks = [
    {
      value: most(({ clusterMemoryMib }) => clusterMemoryMib),
      text: (mib: string) => `cluster ${cores} cores and ${mib} MiB`,
    },
    { value: most(({ redisCores }) => redisCores), text: (used: string) => `Redis ${used} cores`, digits: 2 },
    {
      value: most(({ eventLoopDelayP99Ms }) => eventLoopDelayP99Ms),
      text: (ms: string) => `event-loop delay P99 ${ms} ms`,
      digits: 1,
    },
  ].filter(({ value }) => Number.isFinite(value));
  if (peaks.length === 0) return ["the service's processes could not be watched"];
  return [`peaks: ${peaks.map(({ value, text, digits }) => text(value.toFixed(digits))).join(", ")}`];
}

function align(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
