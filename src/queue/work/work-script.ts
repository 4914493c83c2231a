import { randomBytes } from "node:crypto";
import { pack } from "msgpackr";
import { PostaError, show, wrongState } from "../../errors/posta-error.js";
import { readBullLua } from "../../store/bullmq/lua-functions.js";
import { toStoreError } from "../../store/redis/errors.js";
import { defineScript, readLua, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "../job/keys.js";
import { requestIdOf } from "../job/request-id.js";
import { parseObject } from "../job/stored-json.js";
import type {
  Change,
  DoomedRun,
  LeasedJob,
  LeaseName,
  LeaseRequest,
  Outcome,
  Step,
  Verdict,
  Withdrawal,
} from "./work.js";

/**
 * The most bytes of jobs in the answer of one run, besides one larger job or one answer that is repeated. Redis and this
 * process do nothing else while they copy them.
 */
const maxRunBytes = 4 << 20;

/** The keys of work-jobs.lua, in its order, with the names that its parts have for them. */
const scriptKeys = {
  wait: "waitKey",
  active: "activeKey",
  prioritized: "prioritizedKey",
  events: "eventsKey",
  stalled: "stalledKey",
  limiter: "limiterKey",
  delayed: "delayedKey",
  paused: "pausedKey",
  meta: "metaKey",
  pc: "pcKey",
  marker: "markerKey",
  completed: "completedKey",
  failed: "failedKey",
};
const parts = Object.keys(scriptKeys);

/** BullMQ's functions that the script calls. */
const bullFunctions = [
  "addBaseMarkerIfNeeded",
  "addDelayMarkerIfNeeded",
  "addJobInTargetList",
  "addJobWithPriority",
  "getDelayedScore",
  "getNextDelayedTimestamp",
  "getRateLimitTTL",
  "isQueuePausedOrMaxed",
  "moveChildFromDependenciesIfNeeded",
  "promoteDelayedJobs",
  "pushBackJobWithPriority",
  "removeDeduplicationKeyIfNeededOnFinalization",
  "removeJobKeys",
  "removeJobsByMaxAge",
  "removeJobsByMaxCount",
  "removeParentDependencyKey",
  "requeueDeduplicatedJob",
  "trimEvents",
  "updateParentDepsIfNeeded",
];

/** Why a queue handed out nothing more. */
export interface LeaseHint {
  /** When to ask again, in milliseconds from now: the rate limit ends, or a delayed job is due. undefined: neither. */
  retryMs: number | undefined;
}

export interface WorkAnswer {
  verdicts: (Verdict | PostaError)[];
  /** The jobs of each lease request; undefined: the run was full, so the request is to come again. */
  leases: (LeasedJob[] | undefined)[];
  /** The runs that each lease request brought and that must fail. */
  doomed: DoomedRun[][];
  hint: LeaseHint;
}

type JobFields = (string | number | null)[];
type Answer = [
  verdicts: string,
  leases: (JobFields[] | 0)[],
  doomed: (string | null)[][][],
  limitedMs: number,
  dueMs: number,
];

/** Settles and leases jobs of a queue in one run of a script. */
export class WorkScript {
  private readonly script: Script<Answer>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    /** The most bytes that a worker can get of one job. */
    private readonly maxJobBytes: number,
  ) {
    this.script = defineScript(store.client, "queue/work/work-jobs", parts.length, { before: readFunctions() });
  }

  /** Applies changes to jobs, in their order, and then leases jobs. Throws if the store failed. */
  async run(queue: string, changes: readonly Change[], requests: readonly LeaseRequest[]): Promise<WorkAnswer> {
    this.store.requireUsable();
    const askedAt = performance.now();
    const args = [this.keys.start(queue), pack(changes.flatMap(toChange)), pack(requests.flatMap(toRequest))];
    const keys = parts.map((part) => this.keys.of(queue, part));
    try {
      const answer = await this.script(keys, [...args, this.maxJobBytes, maxRunBytes]);
      // Redis, or this process, may have stood still since the locks were set.
      const lateMs = Math.floor(performance.now() - askedAt);
      return toAnswer(answer, { lateMs, changes, requests });
    } catch (error) {
      throw toStoreError(error);
    }
  }
}

function readFunctions(): string {
  const names = Object.values(scriptKeys).map((name, index) => `local ${name} = KEYS[${index + 1}]`);
  const files = ["start", "holder", "settle", "update", "settle-report", "lease"].map((file) =>
    readLua(`queue/work/${file}`),
  );
  return [readBullLua(...bullFunctions), ...names, ...files, ""].join("\n");
}

function toChange(change: Change): (string | number)[] {
  const { jobId, token } = change;
  const fields = "step" in change ? toStepFields(change.step) : toFields(change.outcome);
  return [...fields, jobId, token];
}

type Fields = [kind: string, a: string | number, b: string, c: string, d: number];

/** The kind of an outcome, and its four fields. */
function toFields(outcome: Outcome | Withdrawal["outcome"]): Fields {
  switch (outcome.kind) {
    case "complete":
      return ["c", outcome.valueJson, "", "", 0];
    case "fail": {
      const how = outcome.unrecoverable ? "u" : String(outcome.retryMs ?? "");
      return ["f", outcome.message, outcome.stack && JSON.stringify(outcome.stack), how, Math.random()];
    }
    case "unseen":
      return ["u", "", "", "", 0];
    case "stuck":
      return ["x", outcome.reason, "", "", 0];
    case "release":
      return ["r", "", "", "", 0];
    case "postpone":
      return ["d", outcome.delayMs, "", "", 0];
    case "rate-limited":
      return ["l", outcome.limitMs, "", "", 0];
    case "cancelled":
      return ["f", outcome.message, "", "u", 0];
  }
}

/** The kind of a step, and its four fields. */
function toStepFields(step: Step): Fields {
  switch (step.kind) {
    case "progress":
      return ["p", step.json, "", "", 0];
    case "log":
      return ["g", step.line, "", "", 0];
    case "data":
      return ["w", step.json, "", "", 0];
  }
}

/** Each request has a seed of its own: who holds a token must not be able to guess the tokens of others. */
function toRequest({ count, maxBytes, leaseMs, worker, repeatKey }: LeaseRequest): (string | number)[] {
  return [count, maxBytes, leaseMs, randomBytes(16).toString("base64url"), worker, repeatKey];
}

interface Asked {
  /** How long the answer took: the leases are that much shorter. */
  lateMs: number;
  changes: readonly Change[];
  requests: readonly LeaseRequest[];
}

function toAnswer(answer: Answer, { lateMs, changes, requests }: Asked): WorkAnswer {
  const [verdicts, leases, doomed, limitedMs, dueMs] = answer;
  const retryMs = limitedMs > 0 ? limitedMs : dueMs >= 0 ? dueMs : undefined;
  return {
    verdicts: changes.map((change, index) => toVerdict(verdicts[index] as string, change)),
    leases: requests.map(({ leaseMs }, index) => {
      return (leases[index] || undefined)?.map((fields) => toJob(fields, leaseMs - lateMs));
    }),
    doomed: doomed.map((runs) => runs.map(toDoomedRun)),
    hint: { retryMs },
  };
}

function toVerdict(code: string, { jobId }: LeaseName): Verdict | PostaError {
  switch (code) {
    case "0":
      return "applied";
    case "1":
      return "already-applied";
    case "2":
      return "lease-lost";
    case "5":
      return new PostaError("internal", `the job ${show(jobId)} is broken: another program may have written it`);
    default: {
      const problem = code === "3" ? "waits for jobs that are not done" : "waited for jobs that failed";
      return wrongState(`the job ${show(jobId)} ${problem}: it cannot complete`);
    }
  }
}

/** The script's answer has id, token and attempt, and then the fields in the order of `leasedFields`. */
function toJob(fields: JobFields, leaseMs: number): LeasedJob {
  const [id, token, attempt, name, data, , opts, , failed, priority, timestamp, progress, lost, schedule] = fields;
  const optionsJson = String(opts ?? "{}");
  const options = parseObject<{ attempts: unknown; delay: unknown; tm: unknown }>(optionsJson);
  const createdMs = Number(timestamp ?? 0);
  return {
    id: String(id),
    token: String(token),
    attempt: Number(attempt),
    leaseMs,
    name: String(name),
    dataJson: String(data ?? "{}"),
    optionsJson,
    progressJson: String(progress ?? "0"),
    attemptsFailed: Number(failed ?? 0),
    priority: Number(priority ?? 0),
    createdMs,
    timesLost: Number(lost ?? 0),
    maxAttempts: toMaxAttempts(options.attempts),
    requestId: requestIdOf(options) ?? "",
    dueMs: Number(attempt) === 1 ? createdMs + (Number(options.delay) || 0) : undefined,
    schedule: schedule == null ? undefined : String(schedule),
  };
}

function toDoomedRun(fields: (string | null)[]): DoomedRun {
  const [id = "", token = "", reason = "", name = "", optionsJson = "", schedule = ""] = fields.map(
    (text) => text ?? "",
  );
  return { id, token, reason, name, optionsJson, schedule };
}

/** Another program may have written something that is no number of attempts. */
function toMaxAttempts(attempts: unknown): number {
  return Number.isSafeInteger(attempts) ? Math.min(Math.max(Number(attempts), 1), 2 ** 31 - 1) : 1;
}
