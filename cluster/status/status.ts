import type { Item } from "./checklist.js";
import type { StatusCollector } from "./collector.js";
import { type State, staleMs, worst } from "./figure.js";
import type { ClusterHealth, Health } from "./health.js";
import type { ProcessStatus } from "./processes.js";
import { sumOf, valuesOf } from "./sample.js";
import { percentileMs, type StatusWindow } from "./window.js";

/** Maximum methods, and maximum queues, in the status: a page has room for no more. */
const maxShown = 10;

/** A method that was called in the last minute. */
interface MethodStatus {
  name: string;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  failedPercent: number;
}

/** A queue's jobs by state, and how long its oldest due job has been able to run. */
interface QueueStatus {
  name: string;
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
  oldestDueSeconds: number;
}

/** The workers that use Posta. Workers of BullMQ's own are not among them. */
export interface WorkersStatus {
  sessions: number;
  /** Jobs that sessions have now. */
  running: number;
  /** The most jobs that sessions take at a time. */
  credits: number;
  /** Calls that wait for jobs. */
  waitingCalls: number;
  leasedPerSecond: number;
  finishedPerSecond: number;
  /** Jobs that lost their workers in the window. Absent: another Posta runs the delivery process, which counts them. */
  lost?: number;
}

/** What GET /status answers. */
export interface Status {
  /** The worst state of health, all processes and all items. */
  state: State;
  health: Health;
  at: string;
  /** Time since the figures were read. */
  ageMs: number;
  windowSeconds: number;
  callsPerSecond: number;
  /** In all queues. */
  jobsWaiting: number;
  checklist: Item[];
  processes: ProcessStatus[];
  /** The busiest first. */
  methods: MethodStatus[];
  /** Those with the oldest jobs first. */
  queues: QueueStatus[];
  workers: WorkersStatus;
}

/** Builds the status from known figures, without waiting for anything. */
export function readStatus(collector: StatusCollector, clusterHealth: ClusterHealth): Status {
  const now = Date.now();
  const health = clusterHealth.report();
  const items = collector.checklist(now);
  const processes = collector.processes(now);
  const methods = methodsOf(collector.window);
  const queues = queuesOf(collector);
  return {
    state: worst([stateOf(health), ...processes.map(stateOfProcess), ...items.map(({ state }) => state)]),
    health,
    at: new Date(now).toISOString(),
    ageMs: now - collector.at,
    windowSeconds: Math.round(collector.window.seconds),
    callsPerSecond: methods.reduce((sum, { perSecond }) => sum + perSecond, 0),
    jobsWaiting: queues.reduce((sum, { waiting }) => sum + waiting, 0),
    checklist: items,
    processes,
    methods: methods.slice(0, maxShown),
    queues: queues.slice(0, maxShown),
    workers: workersOf(collector),
  };
}

function stateOf({ status }: Health): State {
  if (status === "DOWN") return "CRITICAL";
  return status === "OK" ? "OK" : "WARN";
}

function stateOfProcess({ silentMs = 0 }: ProcessStatus): State {
  return silentMs > staleMs ? "STALE" : "OK";
}

function methodsOf(window: StatusWindow): MethodStatus[] {
  const seconds = Math.max(window.seconds, 1);
  return window.methods
    .map((name) => {
      const calls = window.calls(({ methods }) => [methods.get(name)]);
      const [p50Ms = 0, p99Ms = 0] = [percentileMs(calls, 50), percentileMs(calls, 99)];
      const failedPercent = (100 * calls.failed) / Math.max(calls.count, 1);
      return { name, perSecond: calls.count / seconds, p50Ms, p99Ms, failedPercent };
    })
    .filter(({ perSecond }) => perSecond > 0)
    .sort((a, b) => b.perSecond - a.perSecond);
}

function queuesOf({ snapshot }: StatusCollector): QueueStatus[] {
  const queues = new Map<string, QueueStatus>();
  for (const { labels, value } of valuesOf(snapshot, "posta_queue_oldest_due_age_seconds")) {
    const name = String(labels.queue);
    queues.set(name, { name, waiting: 0, active: 0, delayed: 0, failed: 0, oldestDueSeconds: value });
  }
  for (const { labels, value } of valuesOf(snapshot, "posta_queue_jobs")) {
    const queue = queues.get(String(labels.queue));
    // For a worker, jobs with a priority are waiting jobs too.
    const state = labels.state === "prioritized" ? "waiting" : String(labels.state);
    if (queue && isShown(state)) queue[state] += value;
  }
  return [...queues.values()].sort((a, b) => b.oldestDueSeconds - a.oldestDueSeconds || b.waiting - a.waiting);
}

export function workersOf({ window, snapshot }: Pick<StatusCollector, "window" | "snapshot">): WorkersStatus {
  const seconds = Math.max(window.seconds, 1);
  const { leased, finished, lost } = window.work;
  return {
    sessions: sumOf(snapshot, "posta_work_sessions"),
    running: sumOf(snapshot, "posta_work_running"),
    credits: sumOf(snapshot, "posta_work_credits"),
    waitingCalls: sumOf(snapshot, "posta_work_waiting_calls"),
    leasedPerSecond: leased / seconds,
    finishedPerSecond: finished / seconds,
    ...(sumOf(snapshot, "posta_deliveries") > 0 ? { lost } : {}),
  };
}

function isShown(state: string): state is "waiting" | "active" | "delayed" | "failed" {
  return ["waiting", "active", "delayed", "failed"].includes(state);
}
