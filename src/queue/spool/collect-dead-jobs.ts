import { forEachQueue } from "../../background/each-queue.js";
import type { PostaError } from "../../errors/posta-error.js";
import { findNewIds } from "../../store/postgres/dead-letters.js";
import type { Queries, Statement } from "../../store/postgres/session.js";
import { isWrongType } from "../../store/redis/errors.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Logger } from "../../telemetry/log/log.js";
import { rethrow } from "../inspect/read-job.js";
import type { QueueReader } from "../inspect/read-queue.js";
import type { Keys } from "../job/keys.js";
import { isReserved } from "../job/names.js";
import { parseTraces } from "../job/stored-json.js";
import { type DeadJob, deadLetterId, insertDeadJobs, logDeadJobs } from "./dead-job-row.js";
import { toRedriveOptions } from "./spool-row.js";

/** Few enough that the payloads, of up to POSTA_QUEUE_MAX_JOB_BYTES each, fit into memory and into one statement. */
const pageJobs = 16;
const pageQueues = 1000;
/** The time of a job's failure comes from its worker's clock. That clock may be this far behind others. */
const overlapMs = 60_000;
/** A failure time that is further ahead than this is ignored, because it cannot be right. */
const aheadMs = 24 * 3_600_000;
const fields = ["name", "data", "opts", "failedReason", "stacktrace", "finishedOn", "processedOn", "atm"] as const;

const readCursors: Statement = {
  name: "dead-jobs-cursors",
  text: "SELECT queue, finished_until AS until FROM dead_letter_cursors WHERE queue = ANY($1::text[])",
};
const moveCursor: Statement = {
  name: "dead-jobs-move-cursor",
  text: `INSERT INTO dead_letter_cursors (queue, finished_until) VALUES ($1, $2)
    ON CONFLICT (queue) DO UPDATE SET finished_until = greatest(dead_letter_cursors.finished_until, $2)`,
};

interface Failed {
  jobId: string;
  failedAt: number;
}

/** Puts each job that failed for good into dead_letters once. BullMQ keeps failed jobs only for a time. */
export class DeadJobs {
  /** How many jobs this process has put there. */
  collected = 0;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly queues: QueueReader,
    private readonly log: Logger,
  ) {}

  /**
   * Looks at all queues except Posta's own. A queue that fails does not hold up the others: the error is thrown at the
   * end.
   */
  async collect(session: Queries): Promise<void> {
    let failure: PostaError | undefined;
    for (let after: string | undefined; ; ) {
      const names = await this.queues.names(pageQueues, after).catch(rethrow);
      const cursors = await session.query<{ queue: string; until: number }>(readCursors, [names]);
      const until = new Map(cursors.map((cursor) => [cursor.queue, cursor.until]));
      const own = names.filter((name) => !isReserved(name));
      failure =
        (await forEachQueue(own, (queue) => this.collectFrom(session, queue, until.get(queue) ?? 0))) ?? failure;
      after = names.at(-1);
      if (names.length < pageQueues) break;
    }
    if (failure) throw failure;
  }

  private async collectFrom(session: Queries, queue: string, cursor: number): Promise<void> {
    const from = Math.max(cursor - overlapMs, oldestKept(Date.now()));
    let [last, offset] = [from, 0];
    for (;;) {
      const failed = await this.read(queue, last, offset);
      await this.keep(session, queue, failed);
      const end = failed.at(-1)?.failedAt ?? last;
      // Many jobs may fail in one millisecond. The next page begins after the jobs of that millisecond that were seen.
      offset = failed.filter(({ failedAt }) => failedAt === end).length + (end === last ? offset : 0);
      last = end;
      if (failed.length < pageJobs) break;
    }
    // The cursor never goes past the present. A worker's fast clock puts a failure ahead of other failures that are
    // still to come, so that job is looked at again.
    const until = Math.min(last, Date.now());
    if (until > cursor && until > from) await session.query(moveCursor, [queue, until]);
  }

  private async read(queue: string, from: number, offset: number): Promise<Failed[]> {
    const key = this.keys.of(queue, "failed");
    const most = Date.now() + aheadMs;
    const flat = await this.store.client
      .zrangebyscore(key, from, most, "WITHSCORES", "LIMIT", offset, pageJobs)
      .catch(rethrow);
    const failed: Failed[] = [];
    for (let at = 0; at < flat.length; at += 2) {
      failed.push({ jobId: flat[at] as string, failedAt: Number(flat[at + 1]) });
    }
    return failed;
  }

  /** Stores the failed jobs. Reads only those that have no dead letter yet. */
  private async keep(session: Queries, queue: string, failed: Failed[]): Promise<void> {
    if (failed.length === 0) return;
    const ids = failed.map(({ jobId, failedAt }) => deadLetterId(queue, jobId, failedAt));
    const newIds = await findNewIds(session, ids);
    const fresh = failed.filter((_, index) => newIds.has(ids[index] as string));
    if (fresh.length === 0) return;
    const pipeline = this.store.client.pipeline();
    for (const { jobId } of fresh) pipeline.hmget(this.keys.of(queue, jobId), ...fields);
    const answers = (await pipeline.exec().catch(rethrow)) ?? [];
    const jobs = fresh.flatMap((job, index) => {
      const [error, values] = answers[index] ?? [];
      // A key of another type stands in this job's place. The other jobs are stored all the same.
      if (error && isWrongType(error)) return [];
      if (error) rethrow(error);
      return toDeadJob(queue, job, values as (string | null)[]) ?? [];
    });
    const collected = await insertDeadJobs(session, jobs);
    this.collected += collected.length;
    logDeadJobs(this.log, collected);
  }
}

/**
 * How much of a job's history is kept: the most traces, and the most characters of a trace. A list of dead letters
 * shows all of it.
 */
const maxTraces = 20;
const maxTraceLength = 8192;

/** undefined for a job that was retried or removed meanwhile. */
function toDeadJob(queue: string, { jobId, failedAt }: Failed, values: (string | null)[]): DeadJob | undefined {
  const [name, data, opts, reason, stacktrace, finishedOn, processedOn, attempts] = values;
  if (name === null || name === undefined || Number(finishedOn) !== failedAt) return undefined;
  const history = toHistory(stacktrace ?? "[]", Number(attempts ?? 0), Number(processedOn ?? failedAt), failedAt);
  const options = toRedriveOptions(name, opts ?? "{}");
  return { queue, jobId, reason: reason ?? "", data: data ?? "{}", options, history, failedAt };
}

/** The attempts that have a stack trace in BullMQ, as a JSON list. The last attempt also has its times. */
function toHistory(stacktrace: string, attempts: number, begun: number, ended: number): string {
  const traces = parseTraces(stacktrace).slice(-maxTraces);
  const first = attempts - traces.length + 1;
  const history = traces.map((trace, index) => ({
    attempt: first + index,
    stacktrace: trace.slice(0, maxTraceLength),
  }));
  const last = { attempt: attempts, ...history.pop(), start_time: toTime(begun), end_time: toTime(ended) };
  return JSON.stringify([...history, last]);
}

/** undefined if another program wrote something that is no time. */
function toTime(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** The start of the previous month. Partitions are kept from then on, so jobs that failed earlier are left alone. */
function oldestKept(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1);
}
