import { randomBytes } from "node:crypto";
import { pack } from "msgpackr";
import { readBullLua } from "../../store/bullmq/lua-functions.js";
import { toStoreError } from "../../store/redis/errors.js";
import { defineScript, readLua, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "../job/keys.js";
import type { Change, LeaseRequest, Outcome, Step, Withdrawal } from "./work.js";
import { type Answer, toAnswer, type WorkAnswer } from "./work-answer.js";

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
