import { setTimeout as sleep } from "node:timers/promises";
import { createRandom } from "../../support/whatsapp/random.js";
import type { Ledger, OutcomeKind } from "./ledger.js";

/** How long the workers' leases last, in milliseconds: the shortest that a session can have. */
export const leaseMs = 3000;

/** A job that a worker holds. */
export interface Held {
  queue: string;
  job: string;
  attempt: number;
  token: string;
  /** How long the work takes, in milliseconds. */
  ms: number;
  /** Aborted when the worker is to stop. The reason says why. */
  stop: AbortController;
  /** The work has ended, and its report is to be sent. */
  isDone: boolean;
}

export interface Outcome {
  kind: OutcomeKind;
  value: string;
  /** As in the contract's OutcomeReport. */
  message: object;
}

export function toHeld(
  queue: string,
  job: { jobId: string; attempt: number; leaseToken: string; dataJson: string },
): Held {
  const { ms } = JSON.parse(job.dataJson) as { ms: number };
  const { jobId, attempt, leaseToken: token } = job;
  return { queue, job: jobId, attempt, token, ms, stop: new AbortController(), isDone: false };
}

/** What the ledger says a line is about. */
export const nameOf = ({ queue, job, attempt }: Held) => ({ queue, job, attempt });

/** Numbers of the attempt's own, the same ones whoever works on it. */
function randomOf({ job, attempt }: Held): () => number {
  let hash = attempt;
  for (const letter of job) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
  return createRandom(hash);
}

/** Works on a job; `kinds` are the outcomes that the worker knows, all if absent. Resolves to what became of it; undefined: the lease is lost, and nothing is to be reported. */
export async function workOn(
  held: Held,
  ledger: Ledger,
  update: (progress: number) => void,
  kinds?: readonly OutcomeKind[],
): Promise<Outcome | undefined> {
  const random = randomOf(held);
  const { signal } = held.stop;
  ledger.write({ ...nameOf(held), what: "start" });
  const isDeaf = random() < 0.3;
  const wait = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});
  await wait(held.ms / 2);
  if (!signal.aborted && random() < 0.3) update(held.attempt);
  await wait(held.ms / 2);
  // Some workers do not hear that they are to stop, and take the rest of their time.
  if (signal.aborted && isDeaf) await sleep(held.ms / 2);
  held.isDone = true;
  ledger.write({ ...nameOf(held), what: "end" });
  if (signal.reason === "lost") return undefined;
  const drawn = draw(random, ledger.worker, held.attempt);
  const known = !kinds || kinds.includes(drawn.kind) ? drawn : completed(ledger.worker, held.attempt);
  const outcome = signal.reason === "cancelled" && !isDeaf ? cancelled() : known;
  ledger.write({ ...nameOf(held), what: "report", outcome: outcome.kind, value: outcome.value });
  return outcome;
}

function cancelled(): Outcome {
  return { kind: "cancelled", value: "stopped", message: { cancelled: { message: "stopped" } } };
}

function draw(random: () => number, worker: string, attempt: number): Outcome {
  const [which, how] = [random(), random()];
  const soon = { seconds: 0, nanos: 300e6 };
  // Nobody gives a job back for ever.
  if (attempt < 6 && which < 0.04) return { kind: "release", value: "", message: { release: {} } };
  if (attempt < 6 && which < 0.08) return { kind: "postpone", value: "", message: { postpone: { delay: soon } } };
  if (attempt < 6 && which < 0.09)
    return { kind: "rateLimited", value: "", message: { rateLimited: { duration: soon } } };
  if (which < 0.22) {
    const value = `no ${how > 0.85 ? "use" : "luck"} of ${worker} with attempt ${attempt}`;
    const retryDelay = how < 0.3 ? { retryDelay: soon } : {};
    return { kind: "fail", value, message: { fail: { message: value, unrecoverable: how > 0.85, ...retryDelay } } };
  }
  return completed(worker, attempt);
}

function completed(worker: string, attempt: number): Outcome {
  const value = JSON.stringify({ by: worker, attempt });
  return { kind: "complete", value, message: { complete: { returnValueJson: value } } };
}

/** Whether a report that failed with this code is to be sent again. */
export function isRetryable(code: number): boolean {
  const [deadlineExceeded, exhausted, unavailable] = [4, 8, 14];
  return [deadlineExceeded, exhausted, unavailable].includes(code);
}
