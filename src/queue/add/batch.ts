import { LRUCache } from "lru-cache";
import { pack } from "msgpackr";
import { isAbandoned } from "../../batching/waiter.js";
import { PostaError, show } from "../../errors/posta-error.js";
import type { BullAdapter } from "../../store/bullmq/adapter.js";
import { queueMeta } from "../../store/bullmq/module.js";
import { toStoreError } from "../../store/redis/errors.js";
import { defineScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import { type Keys, spoolMark } from "../job/keys.js";
import { type AddResult, abandonedError, isDeduplicated, type PendingJob } from "../job/pending-job.js";
import { Orphans } from "./orphans.js";

type Transaction = Awaited<ReturnType<BullAdapter["transaction"]>>;

const scriptKeys = ["wait", "meta", "id", "events", "marker", "active", "delayed", "prioritized", "pc"];

/**
 * Writes batches of jobs. One script writes plain jobs. BullMQ itself writes jobs that ask for deduplication. A job
 * from the spool is written together with its row's mark. A plain job whose row is already marked is not added again.
 */
export class BatchWriter {
  private readonly addJobs: Script<string>;
  private readonly moveJobs: Script<string>;
  private readonly orphans: Orphans;
  /** Queues that this process has put on the list of queues. */
  private readonly listed = new LRUCache<string, true>({ max: 10_000 });

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly bull: BullAdapter,
  ) {
    this.orphans = new Orphans(store, keys);
    this.addJobs = defineScript(store.client, "queue/add-jobs", scriptKeys.length);
    this.moveJobs = defineScript(store.client, "queue/add-jobs", scriptKeys.length + 1, { name: "move-jobs" });
  }

  /** Writes jobs of one kind in order. Returns a result for each. Throws if the store failed. */
  async write(queue: string, batch: PendingJob[]): Promise<AddResult[]> {
    this.store.requireUsable();
    try {
      if (batch[0]?.row !== undefined) await this.orphans.makeWay(queue, batch);
      return await (isDeduplicated(batch[0] as PendingJob)
        ? this.writeDeduplicated(queue, batch)
        : this.writePlain(queue, batch));
    } catch (error) {
      throw toStoreError(error);
    }
  }

  private async writePlain(queue: string, batch: PendingJob[]): Promise<AddResult[]> {
    const keys = scriptKeys.map((part) => this.keys.of(queue, part));
    const args = [this.keys.start(queue), queueMeta.version, Date.now(), pack(this.flatten(batch))];
    const listing = this.listed.has(queue) ? undefined : this.list(queue);
    const [answer] = await Promise.all([this.run(batch, keys, args), listing]);
    const isNew = answer.startsWith("+");
    if (isNew && !listing) await this.list(queue);
    return batch.map((job, index) => toResult(job, answer.charCodeAt(isNew ? index + 1 : index) - 48));
  }

  private run(batch: PendingJob[], keys: string[], args: (string | number | Buffer)[]): Promise<string> {
    if (batch[0]?.row === undefined) return this.addJobs(keys, args);
    const rows = batch.map(({ row }) => row);
    return this.moveJobs([...keys, this.keys.spooled], [...args, pack(rows)]);
  }

  /**
   * The jobs in the form of add-jobs.lua: one flat list. Options are empty if they equal the options of the job before.
   */
  private flatten(batch: PendingJob[]): (string | number)[] {
    const fields: (string | number)[] = [];
    let options = "";
    for (const { id, spec, caller, fresh } of batch) {
      const notAfter = Math.ceil(this.store.clock.toRedisTime(caller.deadline));
      fields.push(id, spec.name, spec.dataJson, spec.optionsJson === options ? "" : spec.optionsJson);
      fields.push(notAfter, how(spec, fresh));
      options = spec.optionsJson;
    }
    return fields;
  }

  /**
   * Writes by BullMQ's own script. Preparing the transaction takes time, most of all in the first call. Jobs whose
   * callers no longer wait by then are left out.
   */
  private async writeDeduplicated(queue: string, batch: PendingJob[]): Promise<AddResult[]> {
    const transaction = await this.bull.transaction(queue);
    const now = Date.now();
    const run = batch.filter(({ caller }) => !isAbandoned(caller, now));
    const results = run.length > 0 ? await this.transact(queue, transaction, run) : [];
    const resultOf = new Map(run.map((job, index) => [job, results[index]]));
    return batch.map((job) => resultOf.get(job) ?? { jobId: job.id, error: abandonedError() });
  }

  /** Writes in a transaction that also shows whether each id existed before. */
  private async transact(queue: string, { multi, add }: Transaction, run: PendingJob[]): Promise<AddResult[]> {
    const meta = this.keys.of(queue, "meta");
    multi.hsetnx(meta, "opts.maxLenEvents", queueMeta.maxLenEvents);
    multi.hsetnx(meta, "version", queueMeta.version);
    for (const { id, spec } of run) {
      multi.hmget(this.keys.of(queue, id), "name", "data");
      await add(id, spec.name, spec.dataJson, spec.options);
      multi.exists(this.keys.of(queue, id));
    }
    for (const { id, row } of run) {
      if (row !== undefined) multi.zadd(this.keys.spooled, Date.now(), spoolMark(row, id));
    }
    const listing = this.listed.has(queue) ? undefined : this.list(queue);
    const [answers] = await Promise.all([multi.exec(), listing]);
    return run.map((job, index) => {
      const [[, kept] = [], [error, addedId] = [], [, exists] = []] = answers?.slice(2 + index * 3) ?? [];
      if (error) return { jobId: job.id, error: toStoreError(error) };
      // A deduplication id may outlive its job. BullMQ then names a job that is gone.
      if (addedId !== job.id || exists === 0) return { jobId: String(addedId), outcome: "duplicate" };
      return toDeduplicatedResult(job, kept as [string | null, string | null]);
    });
  }

  /**
   * Puts the queue on the list of queues. Never fails: the jobs' results do not depend on the list, and the next batch
   * tries again.
   */
  private async list(queue: string): Promise<void> {
    this.listed.delete(queue);
    const listed = this.store.client.zadd(this.keys.queues, 0, queue);
    await listed.then(
      () => this.listed.set(queue, true),
      () => {},
    );
  }
}

/** How add-jobs.lua should put the job into the queue. */
function how({ delayMs, priority, lifo }: PendingJob["spec"], fresh: boolean): string {
  if (delayMs > 0) return `d${delayMs},${priority}`;
  if (priority > 0) return `p${priority}`;
  if (lifo) return "l";
  return fresh ? "" : "w";
}

function toResult({ id }: PendingJob, code: number): AddResult {
  if (code === 0) return { jobId: id, outcome: "added" };
  if (code === 1) return { jobId: id, outcome: "duplicate" };
  return { jobId: id, error: code === 2 ? takenError(id) : abandonedError() };
}

function toDeduplicatedResult(job: PendingJob, [name, data]: [string | null, string | null]): AddResult {
  if (name === null) return { jobId: job.id, outcome: "added" };
  return toResult(job, name === job.spec.name && data === job.spec.dataJson ? 1 : 2);
}

function takenError(id: string): PostaError {
  return new PostaError("exists", `the id ${show(id)} is taken by a job with another name or other data`);
}
