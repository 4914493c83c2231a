import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "../judge/verdict.js";
import type { LoadResult } from "../suites/load.js";
import type { Sample } from "../watch/samples.js";
import { bullet, histogram, type Line, lineChart, type Mark } from "./charts.js";
import { style } from "./style.js";
import type { Summary } from "./summary.js";
import { round, titleOf } from "./table.js";
import { timeNote, timeRows } from "./time-table.js";

/** Writes report.html: one file that needs nothing else. */
export function writeHtml(folder: string, summary: Summary): void {
  writeFileSync(join(folder, "report.html"), renderHtml(summary));
}

export function renderHtml(summary: Summary): string {
  const { suite, verdict, startedAt, rows, scenarios, times, findings, broken, resources } = summary;
  const notes = [...broken.map((fault) => `Broken run: ${fault}`), ...findings];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Posta ${suite} ${startedAt}</title><style>${style}</style></head><body>
<h1>Posta ${suite}: <span class="verdict ${verdict}">${verdict}</span></h1>
<p>${escapeHtml(describeRun(summary))}</p>
${notes.length > 0 ? `<ul>${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join("")}</ul>` : ""}
<h2>Targets</h2>${targetTable(rows)}
<h2>Loads</h2>${scenarios.map((scenario) => renderLoad(scenario, rows)).join("")}
${times.length > 0 ? `<h2>Where the time went</h2><p>${escapeHtml(timeNote)}</p>${timeTable(times)}` : ""}
<h2>Processes</h2>${renderResources(resources.samples, rows)}
</body></html>
`;
}

function describeRun({ startedAt, seconds, commit, dirty, machine, target }: Summary): string {
  const code = `${commit}${dirty ? " with changes" : ""}`;
  const { cpus, model, memoryMib, node } = machine;
  return `${startedAt}, ${Math.round(seconds)} s, commit ${code}, ${target}, ${cpus} x ${model}, ${memoryMib} MiB, Node ${node}`;
}

function targetTable(rows: Row[]): string {
  const body = rows.map((row) => {
    const { name, unit, objective, critical, value, control, verdict, scenario = "" } = row;
    const kind = verdict === "not measured" ? "none" : verdict;
    const chart = value === undefined ? "" : bullet(value, objective, critical, kind);
    const measured = value === undefined ? "" : `${round(value)} ${unit}`;
    const beside = control === undefined ? "" : `${round(control)} ${unit}`;
    const cells = [name, measured, beside, `${objective.toLocaleString("en")}`, `${critical.toLocaleString("en")}`];
    const [first, ...numbers] = cells.map(escapeHtml);
    return `<tr><td>${first}</td><td class="verdict ${kind}">${verdict === "busy" ? "not judged: busy machine" : verdict}</td>${numbers.map((cell) => `<td class="number">${cell}</td>`).join("")}<td>${chart}</td><td>${escapeHtml(scenario)}</td></tr>`;
  });
  const head = ["target", "", "measured", "control", "objective", "critical", "", "load"]
    .map((text) => `<th>${text}</th>`)
    .join("");
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

function timeTable(times: Summary["times"]): string {
  const [head = [], ...rows] = timeRows(times);
  const line = (cells: string[], tag: string) =>
    `<tr>${cells.map((cell, column) => `<${tag}${column > 0 ? ' class="number"' : ""}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  const body = rows.map((row) => line(row, "td")).join("");
  return `<div class="scroll"><table><thead>${line(head, "th")}</thead><tbody>${body}</tbody></table></div>`;
}

function renderLoad(load: LoadResult, rows: Row[]): string {
  const { tool, what, plan, measured, answersFor } = load;
  const { calls, failed, perSecond, latencyMs, errors } = measured;
  const offered =
    plan.rate === undefined ? `${plan.concurrency} callers without a pause` : `${round(plan.rate)}/s, open loop`;
  const marks = marksOf(rows.find(({ id, unit }) => unit === "ms" && id.endsWith("p99") && answersFor.includes(id)));
  const figures = `P50 ${latencyMs.p50.toFixed(2)}, P95 ${latencyMs.p95.toFixed(2)}, P99 ${latencyMs.p99.toFixed(2)}, P99.9 ${latencyMs.p999.toFixed(2)}, longest ${latencyMs.max.toFixed(2)} ms`;
  const line = (label: string, pick: (second: (typeof measured.timeline)[number]) => number): Line => ({
    name: label,
    points: measured.timeline.map((second) => [second.second, pick(second)]),
  });
  const failures = Object.entries(errors).map(([text, count]) => `<li>${count} x ${escapeHtml(text)}</li>`);
  return `<h3>${escapeHtml(titleOf(load))}</h3>
<p>${escapeHtml(`${what} by ${tool}: ${offered}, ${plan.connections} connections, ${plan.seconds} s. ${calls} calls, ${failed} failed, ${round(perSecond)}/s answered. ${figures}.`)}</p>
${failures.length > 0 ? `<ul>${failures.join("")}</ul>` : ""}
${histogram(measured.histogram, marks)}
${lineChart([line("P99 of each second", ({ p99Ms }) => p99Ms), line("P50", ({ p50Ms }) => p50Ms)], "ms", marks)}`;
}

function marksOf(row: Pick<Row, "objective" | "critical"> | undefined): Mark[] {
  if (!row) return [];
  return [
    { label: "objective", value: row.objective },
    { label: "critical", value: row.critical },
  ];
}

function renderResources(samples: Sample[], rows: Row[]): string {
  const line = (name: string, pick: (sample: Sample) => number | undefined): Line => ({
    name,
    points: samples.flatMap((sample) => {
      const value = pick(sample);
      return value === undefined ? [] : [[sample.second, value] as [number, number]];
    }),
  });
  const charts = [
    lineChart(
      [
        line("cluster", ({ clusterMemoryMib }) => clusterMemoryMib),
        line("Redis", ({ redisMemoryMib }) => redisMemoryMib),
      ],
      "MiB",
      marksOf(rows.find(({ id }) => id === "memory")),
    ),
    lineChart(
      [line("cluster, cores", ({ serverCores }) => serverCores), line("Redis, cores", ({ redisCores }) => redisCores)],
      "",
    ),
    lineChart(
      [line("event-loop delay, P99 of the worst process", ({ eventLoopDelayP99Ms }) => eventLoopDelayP99Ms)],
      "ms",
    ),
  ].filter((chart) => chart !== "");
  return charts.length > 0
    ? charts.join("")
    : "<p>They could not be watched: set ADMIN to the admin port's address.</p>";
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
