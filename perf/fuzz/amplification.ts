import { type Case, requestBytes } from "./case.js";
import type { Method } from "./contract.js";
import type { Fault } from "./judge-call.js";
import type { Limits } from "./limits.js";
import type { Observation } from "./observation.js";

/** What a request cost: its bytes, its answer's, and with a request that was sent alone the servers' CPU. */
export interface Cost {
  target: string;
  form: string;
  seed: number;
  number: number;
  /** What made it large, of one that was made to be. */
  shape?: string;
  requestBytes: number;
  answerBytes: number;
  /** How many messages a stream's request has; absent: one. */
  messages?: number;
  cpuSeconds?: number;
}

const mib = 2 ** 20;

export function costOf({ plan, answerBytes }: Observation): Cost {
  const { target, form, seed, number } = plan;
  return { target, form, seed, number, requestBytes: requestBytes(plan), answerBytes };
}

/** Whether an answer is too large for its request. */
export function judgeAnswer(cost: Cost, method: Pick<Method, "isRead" | "isOpen">, { answer }: Limits): Fault[] {
  const allowed = allowedBytes(cost, method, answer);
  if (cost.answerBytes <= allowed) return [];
  const text = `${cost.answerBytes} bytes are the answer to ${cost.requestBytes}: ${allowed} are allowed`;
  return [{ rule: "amplification", text }];
}

/** Anybody may send what needs no token: its answers are bounded by the request alone, reads too. */
function allowedBytes(
  { requestBytes: sent }: Cost,
  { isRead, isOpen }: Pick<Method, "isRead" | "isOpen">,
  answer: Limits["answer"],
): number {
  if (isOpen) return Math.max(answer.openFreeBytes, sent * answer.openTimesRequest);
  return Math.max(answer.freeBytes, isRead ? answer.readBytes : sent * answer.timesRequest);
}

/** Whether a request that was sent alone took too much CPU. */
export function judgeCpu(
  cost: Cost,
  { caller, isOpen }: Pick<Case, "caller"> & Pick<Method, "isOpen">,
  { cpu }: Limits,
): Fault[] {
  const { cpuSeconds = 0, messages = 1 } = cost;
  const isStranger = isOpen || caller === "stranger" || caller === "nobody";
  const ofRequest = (cost.requestBytes / mib) * cpu.secondsPerMiB + messages * cpu.secondsPerMessage;
  const allowed = isStranger ? cpu.strangerSeconds : cpu.freeSeconds + ofRequest;
  if (cpuSeconds <= allowed) return [];
  const who = isStranger ? " from who needs no valid token, or has none" : "";
  const spent = `${cpuSeconds.toFixed(2)} s of CPU for ${cost.requestBytes} bytes${who}`;
  const text = `${spent}: ${allowed.toFixed(2)} s are allowed (${cost.shape})`;
  return [{ rule: "cpu", text }];
}

type Measure = (cost: Cost) => number;

/** How many bytes come back for each that is sent. */
export const answerRatio: Measure = ({ answerBytes, requestBytes: sent }) => answerBytes / Math.max(1, sent);
/** CPU, in seconds. */
export const cpuOf: Measure = ({ cpuSeconds }) => cpuSeconds ?? 0;

/** Keeps for each target and form the request that cost most. */
export class WorstCosts {
  private readonly worst = new Map<string, Cost>();

  constructor(private readonly measure: Measure) {}

  add(cost: Cost): void {
    const key = `${cost.target} ${cost.form}`;
    const found = this.worst.get(key);
    if (!found || this.measure(cost) > this.measure(found)) this.worst.set(key, cost);
  }

  /** The worst of all, the worst first. */
  list(count: number): Cost[] {
    return [...this.worst.values()].sort((a, b) => this.measure(b) - this.measure(a)).slice(0, count);
  }
}
