import type { Registry } from "prom-client";
import { registerGauge } from "../../../telemetry/metrics/counters.js";
import type { ListedSession, WorkerRegistry } from "./worker-registry.js";

/** Registers what the sessions of a server hold. */
export function registerSessions(metrics: Registry, { sessions }: WorkerRegistry): void {
  registerGauge(metrics, "posta_work_sessions", "Open sessions of workers.", () => sessions.size);
  const sum = (read: (load: ListedSession["load"]) => number) => () =>
    [...sessions].reduce((total, session) => total + read(session.load), 0);
  const credits = "The most jobs that the workers in sessions take at a time.";
  registerGauge(
    metrics,
    "posta_work_credits",
    credits,
    sum(({ max }) => max),
  );
  const running = "Jobs that the workers in sessions have.";
  registerGauge(
    metrics,
    "posta_work_running",
    running,
    sum(({ inFlight }) => inFlight),
  );
}
