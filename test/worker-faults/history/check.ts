import type { Entry, OutcomeKind } from "../worker/ledger.js";
import { type Attempt, type End, type Final, type History, type JobHistory, keyOf, toJobHistories } from "./history.js";

/** Redis and the workers read one clock, at moments that differ by less than this, in milliseconds. */
const toleranceMs = 30;
const stallReason = "job stalled more than allowable limit";
/** How often a job may lose its worker before it fails. */
const maxLost = 3;

/** How an attempt may end by each outcome. */
const endsBy: Record<OutcomeKind, End[]> = {
  complete: ["completed"],
  fail: ["failed", "waiting", "delayed"],
  release: ["waiting"],
  postpone: ["delayed"],
  rateLimited: ["waiting"],
  cancelled: ["failed"],
};

/** What is wrong with a run: each finding with the history of its job. Empty: all promises were kept. */
export function check(history: History): string[] {
  const jobs = toJobHistories(history);
  const findings = history.left.map((line) => `jobs are left at the end: ${line}`);
  for (const job of jobs.values()) {
    const wrong = [...checkEnd(job), ...checkParent(job, jobs), ...checkAttempts(job, history)];
    if (wrong.length > 0) findings.push(`${keyOf(job.added)} ${wrong.join("; ")}\n${tell(job)}`);
  }
  return findings;
}

/** Each job is finished once, and Redis agrees with the worker that finished it. */
function checkEnd(job: JobHistory): string[] {
  const { added, attempts, final, events, oddities, strays } = job;
  if (!added.isCertain && events.length === 0) return [];
  const last = attempts.at(-1);
  const wrong = [...oddities];
  if (events.filter(({ event }) => event === "added").length > 1) wrong.push("was added twice");
  for (const { worker, attempt } of strays)
    wrong.push(`was worked on by ${worker} as attempt ${attempt}, which there is not`);
  if (!final && !(added.isRemoved && last?.end === "completed")) return [...wrong, "is missing"];
  if (last?.end !== "completed" && last?.end !== "failed") return [...wrong, "was never finished"];
  if (final) {
    if (final.state !== last.end) wrong.push(`is ${final.state}, but its last event is ${last.end}`);
    if (final.attempts !== attempts.length)
      wrong.push(`was begun ${attempts.length} times, but says ${final.attempts}`);
    wrong.push(...checkValue(last, final.value, job), ...checkMade(job, final));
  }
  return wrong;
}

/** The result is the one that the last attempt's worker reported. */
function checkValue(last: Attempt, value: string, { attempts, isCancelled }: JobHistory): string[] {
  const reports = last.entries.filter(({ what }) => what === "report");
  const reported = reports.map((report) => report.value);
  if (last.end === "completed")
    return reports.some((report) => report.outcome === "complete" && report.value === value)
      ? []
      : [`has the result ${value}, but attempt ${last.number} reported ${reported.join(", ") || "nothing"}`];
  if (value === stallReason) {
    const lost = attempts.filter(({ end }) => end === "stalled").length;
    return lost > maxLost ? [] : [`failed as stalled, after ${lost} lost leases`];
  }
  const isByGrace = /^cancelled/.test(value) && isCancelled;
  return isByGrace || reported.includes(value)
    ? []
    : [`failed with "${value}", but attempt ${last.number} reported ${reported.join(", ") || "nothing"}`];
}

/** It fails when its attempts are used up, when its worker says so, or at the first failure after it was cancelled. */
function checkMade({ added: { attempts }, isCancelled }: JobHistory, { state, value, made }: Final): string[] {
  const isUsedUp = /^no luck/.test(value) && !isCancelled;
  const isRight = state === "failed" && isUsedUp ? made === attempts : made <= attempts;
  return isRight ? [] : [`is ${state} after ${made} attempts of ${attempts}`];
}

/** A parent is begun after its children are done. */
function checkParent({ added, attempts }: JobHistory, jobs: Map<string, JobHistory>): string[] {
  const begunAt = attempts[0]?.begunAt ?? Number.POSITIVE_INFINITY;
  const open = added.children.filter(
    (child) => !((jobs.get(keyOf(child))?.attempts.at(-1)?.endedAt ?? Infinity) <= begunAt),
  );
  return begunAt < Infinity && open.length > 0 ? [`was begun before its children ${open.map(keyOf).join(", ")}`] : [];
}

function checkAttempts({ added, attempts, isCancelled }: JobHistory, history: History): string[] {
  const [first] = attempts;
  const wrong = attempts.flatMap((attempt, index) => [
    ...checkHolder(attempt),
    ...checkVerdicts(attempt, isCancelled),
    ...checkPutBack(attempt, history),
    ...checkOverlap(attempt, attempts[index + 1]),
  ]);
  const earlyMs = first ? added.askedAt + added.delayMs - first.begunAt : 0;
  if (!history.shiftsClocks && earlyMs > toleranceMs)
    wrong.push(`was begun ${Math.round(earlyMs)} ms before it was due`);
  return wrong;
}

/** One worker gets an attempt, and once. */
function checkHolder({ number, entries }: Attempt): string[] {
  const got = entries.filter(({ what }) => what === "got");
  return got.length > 1 ? [`attempt ${number} was given to ${got.map(({ worker }) => worker).join(" and ")}`] : [];
}

/** What workers were told of their reports is what happened to the job. A cancelled job fails, whatever would bring it back. */
function checkVerdicts({ number, end, entries }: Attempt, isCancelled: boolean): string[] {
  const outcome = entries.find(({ what }) => what === "report")?.outcome;
  const verdicts = entries.filter(({ what }) => what === "verdict").map(({ verdict }) => verdict);
  if (!outcome) return [];
  const isStopped = isCancelled && outcome !== "complete" && end === "failed";
  const fits = isStopped || endsBy[outcome].includes(end);
  const wrong: string[] = [];
  for (const verdict of verdicts) {
    if (verdict === "APPLIED" && !fits) wrong.push(`attempt ${number}: ${outcome} was applied, but the job was ${end}`);
    if (verdict === "ALREADY_APPLIED" && !fits)
      wrong.push(`attempt ${number}: ${outcome} had been applied already, but the job was ${end}`);
    if (verdict === "LEASE_LOST" && outcome === "complete" && end === "completed")
      wrong.push(`attempt ${number} was told that its lease is lost, but it completed the job`);
    if (verdict?.startsWith("ERROR")) wrong.push(`attempt ${number}: ${outcome} answered ${verdict}`);
  }
  if (verdicts.filter((verdict) => verdict === "APPLIED").length > 1) wrong.push(`attempt ${number} was applied twice`);
  return wrong;
}

/** A job is back in line only by its worker's report, after its lease, or if its worker has never confirmed that it has it. */
function checkPutBack({ number, begunAt, end, endedAt, entries }: Attempt, { leaseMs, calmUntil }: History): string[] {
  if (end === "stalled") {
    const extended = entries.flatMap(({ what, from }) => (what === "held" && from !== undefined ? [from] : []));
    const untilMs = Math.max(begunAt, ...extended.filter((from) => from < endedAt)) + leaseMs - toleranceMs;
    if (endedAt < untilMs)
      return [`attempt ${number} was taken away ${Math.round(untilMs - endedAt)} ms before its lease ended`];
    // The answer to a worker that went away is lost, and its lease has to end.
    return endedAt < calmUntil && find(entries, "got")
      ? [`attempt ${number} lost its lease, though nothing was struck`]
      : [];
  }
  if (end !== "waiting" && end !== "delayed") return [];
  const outcome = entries.find(({ what }) => what === "report")?.outcome;
  if (outcome && endsBy[outcome].includes(end)) return [];
  return end === "delayed" || isConfirmed(entries)
    ? [`attempt ${number} was taken away, though its worker had it: ${end}`]
    : [];
}

/** Whether Posta knew that the worker has the job. An answer to a call, or a job of BullMQ's worker, needs no confirmation. */
function isConfirmed(entries: Entry[]): boolean {
  return entries.some(({ what, worker }) => what === "held" || (what === "got" && !worker.startsWith("session")));
}

/** The next attempt begins when this one is over, or its lease was; then nothing that this one says counts. */
function checkOverlap({ number, end, endedAt, entries }: Attempt, next: Attempt | undefined): string[] {
  if (!next) return [];
  const wrong = entries
    .filter(
      ({ what, verdict, from }) =>
        what === "updated" && verdict === "APPLIED" && (from ?? 0) > next.begunAt + toleranceMs,
    )
    .map(() => `attempt ${number} changed the job after attempt ${next.number} had begun`);
  const [begun, over, again] = [find(entries, "start"), find(entries, "end"), find(next.entries, "start")];
  const isBoth = begun && again && again.at < (over?.at ?? Number.POSITIVE_INFINITY) - toleranceMs;
  const isAllowed = end === "stalled" || (end === "waiting" && !isConfirmed(entries));
  if (isBoth && !isAllowed)
    wrong.push(`attempt ${next.number} was worked on beside ${number}, which ended by ${end} at ${endedAt}`);
  return wrong;
}

function find(entries: Entry[], wanted: Entry["what"]): Entry | undefined {
  return entries.find(({ what }) => what === wanted);
}

/** The history of a job, a line each. */
function tell({ added, attempts, events, final, strays }: JobHistory): string {
  const start = events[0]?.at ?? 0;
  const said = [...attempts.flatMap(({ entries }) => entries), ...strays].map(
    ({ at, worker, what, attempt, ...rest }) => {
      const more = [
        rest.outcome,
        rest.value,
        rest.verdict,
        rest.from === undefined ? undefined : `from ${Math.round(rest.from - start)}`,
      ];
      return { at, text: `${worker} #${attempt} ${what} ${more.filter((text) => text !== undefined).join(" ")}` };
    },
  );
  const seen = events.map(({ at, event }) => ({ at, text: `Redis: ${event}` }));
  const lines = [...said, ...seen]
    .sort((a, b) => a.at - b.at)
    .map(({ at, text }) => `  +${Math.round(at - start)} ms ${text}`);
  return [`  ${JSON.stringify(added)} ${JSON.stringify(final)}, from ${start}`, ...lines].join("\n");
}
