import type { Target } from "../targets.js";
import { callRate, failedRate, methodRate, methodRateWithin, within } from "./calls.js";
import type { Alert, Group, Recording, Severity } from "./rule.js";

/** A promise that calls keep: no more than a share of them is bad. */
interface Objective {
  id: string;
  kind: "latency" | "errors";
  /** The share that may be bad. */
  budget: number;
  calls(window: string): string;
  bad(window: string): string;
}

interface Pace {
  severity: Severity;
  /** So many times the share that may be bad. */
  burn: number;
  long: string;
  /** Over this one too: or the alert would last long after its cause has gone. */
  short: string;
  for: string;
  meaning: string;
}

/** Of the SRE workbook, for a budget of 30 days. */
const paces: Pace[] = [
  { severity: "page", burn: 14.4, long: "1h", short: "5m", for: "2m", meaning: "a month's budget in two days" },
  { severity: "page", burn: 6, long: "6h", short: "30m", for: "5m", meaning: "a month's budget in five days" },
  { severity: "ticket", burn: 1, long: "3d", short: "6h", for: "30m", meaning: "all of a month's budget" },
];
const windows = [...new Set(paces.flatMap(({ long, short }) => [short, long]))];
const hours: Record<string, number> = { "1h": 1, "6h": 6, "3d": 72 };
/** With fewer in the longer window one bad call would wake somebody. */
const minCalls = 100;

/** The methods that are an operation of slo/targets.json, as the load suites call them. */
const methods: Record<string, string> = {
  "queue-add": "AddJob",
  read: "GetJob|ListJobs|GetQueue",
  "analytics-write": "TrackEvent",
  "analytics-read": "GetCounters|GetTimeSeries|CountUnique|ListTopValues|ListRecentEvents",
  "message-send": "SendMessage",
};

/** Throughputs and memory are no promise about calls: nobody has to be woken because there is little to do. */
function toObjective({ id, objective, indicator }: Target): Objective | undefined {
  if (indicator.kind === "errors") {
    return { id, kind: "errors", budget: objective / 100, calls: callRate, bad: failedRate };
  }
  if (indicator.kind !== "latency") return undefined;
  const { operation, percentile } = indicator;
  const budget = (100 - percentile) / 100;
  const [calls, good] = ratesOf(operation, objective / 1000);
  return { id, kind: "latency", budget, calls, bad: (window) => `${calls(window)} - ${good(window)}` };
}

/** All calls of an operation, and those that took no longer. */
function ratesOf(operation: string, seconds: number): [Objective["calls"], Objective["calls"]] {
  if (operation === "whatsapp-send") {
    const rate = (part: string) => (window: string) => `sum(rate(posta_whatsapp_request_seconds_${part}[${window}]))`;
    return [rate("count"), rate(`bucket{${within(seconds)}}`)];
  }
  const names = methods[operation];
  if (names === undefined) throw new Error(`targets.json: no method is known for ${operation}`);
  return [(window) => methodRate(names, window), (window) => methodRateWithin(names, seconds, window)];
}

/** Rules for the objectives of slo/targets.json: what is measured, and how soon somebody is alerted. */
export function objectiveGroups(targets: readonly Target[]): Group[] {
  const objectives = targets.map(toObjective).filter((objective) => objective !== undefined);
  const recordings = objectives.flatMap(record);
  const alerts = (["errors", "latency"] as const).flatMap((kind) => paces.map((pace) => toAlert(kind, pace)));
  return [
    { name: "posta-objectives", rules: recordings },
    { name: "posta-budgets", rules: alerts },
  ];
}

/** How many times as fast as it may an objective uses up its budget, and how many calls that is judged by. */
function record({ id, kind, budget, calls, bad }: Objective): Recording[] {
  const labels = { objective: id, kind };
  const burns = windows.map((window) => ({
    record: `objective:burn:rate${window}`,
    expr: `(${bad(window)})\n/ ${calls(window)}\n/ ${Number(budget.toPrecision(6))}`,
    labels,
  }));
  const counts = paces.map(({ long }) => ({ record: `objective:calls:rate${long}`, expr: calls(long), labels }));
  return [...burns, ...counts];
}

function toAlert(kind: Objective["kind"], { severity, burn, long, short, for: duration, meaning }: Pace): Alert {
  const of = kind === "errors" ? "Failed calls" : "Slow calls";
  const series = (window: string) => `objective:burn:rate${window}{kind="${kind}"}`;
  return {
    name: kind === "errors" ? "PostaErrorBudget" : "PostaLatencyBudget",
    severity,
    labels: { window: long },
    expr: [
      `${series(long)} > ${burn}`,
      `and ${series(short)} > ${burn}`,
      `and objective:calls:rate${long} * ${(hours[long] as number) * 3600} > ${minCalls}`,
    ].join("\n"),
    for: duration,
    summary: `${of} use up the budget of {{ $labels.objective }} {{ $value | humanize }} times too fast`,
    description: `Over ${long} and over ${short}: at this pace ${meaning}. The objective is {{ $labels.objective }} of slo/targets.json.`,
  };
}
