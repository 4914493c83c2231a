import type { Answer } from "./exchange/answer.js";

/** Whether each service takes calls, by its name; the server as a whole has the name "". */
type ServiceStates = ReadonlyMap<string, boolean>;

/** What probes are told of. */
export interface ProbedHealth {
  /** By these it is decided what is sent here. */
  services: ServiceStates;
  /** For people and dashboards. */
  report(): { status: "OK" | "DEGRADED" | "DOWN"; checks: readonly object[] };
}

/** What probes ask, by path. A process answers for itself, whichever it is that a connection came to. */
export function createProbes({ services: states, report }: ProbedHealth): ReadonlyMap<string, () => Answer> {
  return new Map([
    // The process answers: that is all that "live" says.
    ["/livez", () => text(200, "ok\n")],
    // The whole, not each part: while analytics cannot be written, the queues still take jobs.
    ["/readyz", () => (isServing(states) ? text(200, "ok\n") : text(503, `not serving: ${idle(states).join(", ")}\n`))],
    ["/healthz", () => health(states, report())],
  ]);
}

/** One that serves no more, as it is being stopped, is DOWN whatever its checks find. */
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
