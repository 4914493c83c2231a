import type { Aggregator } from "prom-client";
import type { Backlog } from "../../src/health/backlog.js";
import type { CheckState } from "../../src/health/check.js";
import type { ClusterFacts } from "../../src/health/server-health.js";
import type { SchemaState } from "../../src/process/process.js";
import type { PackedMetrics } from "../../src/telemetry/metrics/histogram.js";
import type { ToChild, ToPrimary } from "./messages.js";

/** The readable part of a child's message, and the names of the unreadable parts. */
interface ReadMessage {
  message?: ToPrimary;
  unread: string[];
}

/** prom-client throws for any other aggregator. */
const aggregators: readonly unknown[] = ["omit", "sum", "first", "min", "max", "average"] satisfies Aggregator[];

type Fields = Record<string, unknown>;

/** Reads a child's message. The child's code may be newer than this process's code. Never throws. */
export function readMessage(sent: unknown): ReadMessage {
  if (!isFields(sent) || typeof sent.type !== "string") return { unread: ["a message without a type"] };
  const { type } = sent;
  if (type === "metrics" && Array.isArray(sent.metrics)) return readMetrics(sent.metrics);
  if (type === "health" && Array.isArray(sent.checks)) return readChecks(sent.checks);
  const isRead =
    (type === "serving" && typeof sent.serving === "boolean") ||
    (type === "unfit" && typeof sent.message === "string") ||
    (type === "schema" && isSchemaState(sent.state));
  return isRead ? { message: sent as ToPrimary, unread: [] } : { unread: [`message ${quote(type)}`] };
}

/** Reads a message of the primary, whose code may be older. undefined: this process does not know it. Never throws. */
export function readOrder(sent: unknown): ToChild | undefined {
  if (!isFields(sent)) return undefined;
  const { type, level, facts } = sent;
  if (type === "metrics") return { type, ...(sent.packed === true ? { packed: true } : {}) };
  if (type === "withdraw") return { type };
  if (type === "log-level" && typeof level === "string") return { type, level };
  if (type === "facts" && isFields(facts)) return { type, facts: readFacts(facts) };
  return undefined;
}

function readFacts({ backlog, checks }: Fields): ClusterFacts {
  return {
    backlog: isBacklog(backlog) ? backlog : undefined,
    checks: Array.isArray(checks) ? checks.filter(isCheckState) : [],
  };
}

function readMetrics(sent: unknown[]): ReadMessage {
  const [metrics, unread] = sift("metric", sent, isMetric);
  return { message: { type: "metrics", metrics }, unread };
}

function readChecks(sent: unknown[]): ReadMessage {
  const [checks, unread] = sift("check", sent, isCheckState);
  return { message: { type: "health", checks }, unread };
}

/** Separates readable things from the names of unreadable ones. Each is checked once: a scrape has thousands. */
function sift<T>(kind: string, sent: unknown[], canRead: (thing: unknown) => thing is T): [T[], string[]] {
  const read: T[] = [];
  const unread: string[] = [];
  for (const thing of sent) {
    if (canRead(thing)) read.push(thing);
    else unread.push(`${kind} ${nameOf(thing)}`);
  }
  return [read, unread];
}

/** Whether a metric can be added to the metrics of other processes. */
function isMetric(metric: unknown): metric is PackedMetrics[number] {
  if (!isFields(metric)) return false;
  const { name, help, type, aggregator, values, rows } = metric;
  if (![name, help, type].every((text) => typeof text === "string")) return false;
  if (!aggregators.includes(aggregator)) return false;
  return Array.isArray(rows) ? rows.every(isRow) : Array.isArray(values) && values.every(isValue);
}

function isValue(value: unknown): boolean {
  return isFields(value) && typeof value.value === "number" && isFields(value.labels);
}

function isRow(row: unknown): boolean {
  if (!isFields(row) || !isFields(row.labels)) return false;
  const { bounds, buckets, count, sum } = row;
  return [...numbers(bounds), ...numbers(buckets), count, sum].every((figure) => typeof figure === "number");
}

/** The items of an array. For anything else, an item that is no number, so that the caller's check fails. */
function numbers(array: unknown): unknown[] {
  return Array.isArray(array) ? array : [undefined];
}

function isCheckState(check: unknown): check is CheckState {
  if (!isFields(check)) return false;
  const { name, status, since, detail } = check;
  const isKnown = status === "OK" || status === "DEGRADED" || status === "DOWN";
  return isKnown && typeof name === "string" && typeof detail === "string" && typeof since === "number";
}

/** The names of the figures. The type makes sure that a figure removed from `Backlog` does not compile here. */
const backlogFigures: readonly (keyof Backlog)[] = [
  "oldestDueAgeMs",
  "completedPerSecond",
  "failedPerSecond",
  "readAt",
];

function isBacklog(backlog: unknown): backlog is Backlog & Fields {
  return isFields(backlog) && backlogFigures.every((figure) => typeof backlog[figure] === "number");
}

function isSchemaState(state: unknown): state is SchemaState {
  return isFields(state) && typeof state.is === "string" && typeof state.detail === "string";
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function nameOf(thing: unknown): string {
  return isFields(thing) ? quote(String(thing.name)) : "without a name";
}

/** Quotes and cuts a name, which may have any length. */
function quote(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
