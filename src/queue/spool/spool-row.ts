import type { JobsOptions } from "../../store/bullmq/module.js";
import { type JobSpec, openJson } from "../job/job.js";
import type { PendingJob } from "../job/pending-job.js";
import { withMetadata } from "../job/request-id.js";
import { parseObject } from "../job/stored-json.js";

/** A job of the spool. */
export interface SpoolRow {
  seq: number;
  queue: string;
  jobId: string;
  name: string;
  data: string;
  /** BullMQ's options, as JSON text. */
  options: string;
  /** The job failed for good, and is to run again. */
  redrive: boolean;
  /** How long the row has been in the spool, in milliseconds. */
  waitedMs: number;
}

/** The options of BullMQ that hold for every run of a job. */
const lasting = ["attempts", "backoff", "removeOnComplete", "removeOnFail", "priority", "lifo"] as const;

/** Options as BullMQ stores them. */
type Stored = JobsOptions & {
  /** Short for `telemetry.metadata`. */
  tm?: string;
};

/** The columns of a job: queue, job_id, name, data, options. */
export function toRow(queue: string, { id, spec }: PendingJob): [string, string, string, string, string] {
  return [queue, id, spec.name, spec.dataJson, `${spec.optionsJson}}`];
}

/** Everything of a job that its options decide. */
type FromOptions = Omit<JobSpec, "name" | "dataJson" | "dataBytes">;

/** Reads rows as jobs. Rows that follow one another mostly have the same options, which are then parsed once. */
export class SpecReader {
  private last: { json: string; parsed: FromOptions } | undefined;

  /**
   * The job as its caller asked for it. Its delay began when its row came into the spool. Throws if the options are
   * not JSON.
   */
  read({ name, data, options: json, waitedMs }: SpoolRow): JobSpec {
    const payload = { name, dataJson: data, dataBytes: Buffer.byteLength(data) };
    if (this.last?.json === json) return { ...this.last.parsed, ...payload };
    const { parsed, isDelayed } = parseOptions(json, waitedMs);
    // What is left of a delay depends on how long the row has waited.
    if (!isDelayed) this.last = { json, parsed };
    return { ...parsed, ...payload };
  }
}

function parseOptions(json: string, waitedMs: number): { parsed: FromOptions; isDelayed: boolean } {
  const given = JSON.parse(json) as Stored;
  const { delay = 0, ...asked } = pick(given, [...lasting, "delay", "deduplication"]);
  const delayMs = Math.max(0, Math.round(delay - waitedMs));
  const options = delayMs > 0 ? { ...asked, delay: delayMs } : asked;
  const { priority = 0, lifo = false } = options;
  const spec = { id: undefined, priority, delayMs, lifo, durable: true, options, optionsJson: openJson(options) };
  return { parsed: withMetadata(spec, given.tm), isDelayed: delay > 0 };
}

/**
 * The options with which a failed job runs again, as JSON text. Delay and deduplication are left out: the job has
 * waited, and is to run whatever else is in the queue. The job's name is among the options, because a dead letter has
 * no other place for it.
 */
export function toRedriveOptions(name: string, json: string): string {
  const { tm, ...options } = parseObject<Stored>(json);
  const metadata = tm === undefined ? {} : { tm };
  return JSON.stringify({ name: name.replaceAll("\0", "\ufffd"), ...pick(options, lasting), ...metadata });
}

function pick(options: JobsOptions, names: readonly (keyof JobsOptions)[]): JobsOptions {
  return Object.fromEntries(names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
}
