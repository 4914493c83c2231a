import type { Answer } from "./exchange/answer.js";

/** Whether each service accepts calls, by name. The name "" means the whole server. */
type ServiceStates = ReadonlyMap<string, boolean>;

/** The health that probes report. */
export interface ProbedHealth {
  /** Load balancers route by these states. */
  services: ServiceStates;
  /** For people and dashboards. */
  report(): { status: "OK" | "DEGRADED" | "DOWN"; checks: readonly object[] };
}

/** The probes by path. A process answers only for itself, and a connection may reach any of the processes. */
export function createProbes({ services: states, report }: ProbedHealth): ReadonlyMap<string, () => Answer> {
  return new Map([
    // Live means only that the process answers.
    ["/livez", () => text(200, "ok\n")],
    // Ready depends on the whole server, not on each service: without analytics, the queues still accept jobs.
    ["/readyz", () => (isServing(states) ? text(200, "ok\n") : text(503, `not serving: ${idle(states).join(", ")}\n`))],
    ["/healthz", () => health(states, report())],
  ]);
}

/** A server that no longer serves, for example while it stops, is DOWN whatever its checks find. */
function health(states: ServiceStates, { status, checks }: ReturnType<ProbedHealth["report"]>): Answer {
  const services = named(states).map(([name, serving]) => [name, serving ? "SERVING" : "NOT_SERVING"]);
  const serving = isServing(states);
  const body = { status: serving ? status : "DOWN", services: Object.fromEntries(services), checks };
  return reply(serving ? 200 : 503, "application/json", `${JSON.stringify(body)}\n`);
}

function isServing(states: ServiceStates): boolean {
  return states.get("") === true;
}

function idle(states: ServiceStates): string[] {
  return named(states).flatMap(([name, serving]) => (serving ? [] : [name]));
}

function named(states: ServiceStates): [string, boolean][] {
  return [...states].filter(([name]) => name !== "");
}

function text(status: number, body: string): Answer {
  return reply(status, "text/plain", body);
}

function reply(status: number, type: string, body: string): Answer {
  return { status, headers: { "content-type": type, "cache-control": "no-store" }, body };
}
