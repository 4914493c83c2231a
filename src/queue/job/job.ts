import { invalid, PostaError } from "../../errors/posta-error.js";
import type { JobsOptions } from "../../store/bullmq/module.js";
import { requireDeduplicationId, requireJobId, requireJobName } from "./names.js";

/** How long finished jobs are kept. Without either field, they are kept for good. */
export interface Retention {
  /** In milliseconds. */
  ageMs?: number;
  count?: number;
}

/** A job as a caller asks for it. Times are in milliseconds. Nothing in it is checked yet. */
export interface JobRequest {
  name: string;
  dataJson: string;
  id?: string;
  priority?: number;
  delayMs?: number;
  attempts?: number;
  backoff?: { type: "fixed" | "exponential" | undefined; delayMs: number | undefined; jitter: number };
  lifo?: boolean;
  keepOnComplete?: Retention;
  keepOnFail?: Retention;
  deduplication?: { id: string; ttlMs?: number; extend: boolean; replace: boolean };
  durable?: boolean;
  /** The most bytes of the payload, if the limit differs from the limit for callers. */
  maxBytes?: number;
}

/** A job that BullMQ can take. */
export interface JobSpec {
  readonly name: string;
  readonly dataJson: string;
  /** Bytes of the payload in UTF-8. All limits in bytes use this number. */
  readonly dataBytes: number;
  /** undefined: the caller gave none. */
  readonly id: string | undefined;
  readonly priority: number;
  readonly delayMs: number;
  readonly lifo: boolean;
  /** The job has to be in PostgreSQL before its caller gets an answer. */
  readonly durable: boolean;
  /** All options except the id, in BullMQ's terms. */
  readonly options: JobsOptions;
  /** The options as BullMQ stores them: JSON text without its closing brace, so that the id can follow. */
  readonly optionsJson: string;
}

const dayMs = 24 * 3_600_000;
const maxDelayMs = 3650 * dayMs;
const maxPriority = 2 ** 21 - 1;

// The defaults of the performance guide.
const defaultAttempts = 3;
const defaultBackoff = { type: "exponential", delay: 1000 };
const defaultKeepOnComplete = { age: 24 * 3600, count: 1000 };
const defaultKeepOnFail = { age: 7 * 24 * 3600 };

/** Most jobs bring no options, so the default options and their JSON text are made once. */
const defaultOptions: JobsOptions = {
  attempts: defaultAttempts,
  backoff: defaultBackoff,
  removeOnComplete: defaultKeepOnComplete,
  removeOnFail: defaultKeepOnFail,
};
const defaultOptionsJson = openJson(defaultOptions);

/** Checks a job and gives it its defaults. Throws invalid (or exhausted, for its size), naming the job's field. */
export function parseJob(job: JobRequest, maxBytes: number): JobSpec {
  requireJobName(job.name, "name");
  const { dataJson, dataBytes } = parseData(job.dataJson, "data_json", maxBytes);
  if (job.id !== undefined) requireJobId(job.id, "options.id");
  const priority = parsePriority(job.priority, "options.priority");
  const delayMs = inRange(job.delayMs ?? 0, 0, maxDelayMs, "options.delay", " ms");
  const lifo = job.lifo === true;
  if (lifo && (priority > 0 || delayMs > 0)) throw invalid("options.lifo", "cannot be combined with priority or delay");
  const options = parseOptions(job, priority, delayMs, lifo);
  const optionsJson = options === defaultOptions ? defaultOptionsJson : openJson(options);
  const durable = job.durable === true;
  return { name: job.name, dataJson, dataBytes, id: job.id, priority, delayMs, lifo, durable, options, optionsJson };
}

/** Checks a payload, and counts its bytes in UTF-8; empty means {}. */
export function parseData(json: string, field: string, maxBytes: number): Pick<JobSpec, "dataJson" | "dataBytes"> {
  if (json === "") return { dataJson: "{}", dataBytes: 2 };
  const dataBytes = Buffer.byteLength(json);
  if (dataBytes > maxBytes)
    throw new PostaError("exhausted", `${field}: ${dataBytes} bytes is over ${maxBytes}`, { field });
  try {
    JSON.parse(json);
  } catch (error) {
    throw invalid(field, `is not JSON: ${(error as Error).message}`);
  }
  return { dataJson: json, dataBytes };
}

export function parsePriority(priority: number | undefined, field: string): number {
  return inRange(priority ?? 0, 0, maxPriority, field);
}

export function parseDelay(delayMs: number, field: string): number {
  return inRange(delayMs, 0, maxDelayMs, field, " ms");
}

/** Throws unless min <= value <= max; NaN is in no range. */
export function inRange(value: number, min: number, max: number, field: string, unit = ""): number {
  if (value >= min && value <= max) return value;
  if (value > max) throw invalid(field, `${value}${unit} is over ${max}${unit}`);
  if (value < min) throw invalid(field, `${value}${unit} is under ${min}${unit}`);
  throw invalid(field, "is not a number");
}

function parseOptions(job: JobRequest, priority: number, delayMs: number, lifo: boolean): JobsOptions {
  const { attempts, backoff, keepOnComplete, keepOnFail, deduplication } = job;
  const runsAsUsual = priority === 0 && delayMs === 0 && !lifo && !deduplication;
  if (runsAsUsual && attempts === undefined && !backoff && !keepOnComplete && !keepOnFail) return defaultOptions;
  return {
    attempts: attempts === undefined ? defaultAttempts : inRange(attempts, 1, 1000, "options.attempts"),
    backoff: backoff ? parseBackoff(backoff, "options.backoff") : defaultBackoff,
    removeOnComplete: keepOnComplete
      ? parseRetention(keepOnComplete, "options.keep_on_complete")
      : defaultKeepOnComplete,
    removeOnFail: keepOnFail ? parseRetention(keepOnFail, "options.keep_on_fail") : defaultKeepOnFail,
    ...(priority > 0 ? { priority } : {}),
    ...(delayMs > 0 ? { delay: delayMs } : {}),
    ...(lifo ? { lifo } : {}),
    ...(deduplication ? { deduplication: parseDeduplication(deduplication, "options.deduplication") } : {}),
  };
}

function parseBackoff({ type, delayMs, jitter }: NonNullable<JobRequest["backoff"]>, at: string) {
  if (type === undefined) throw invalid(`${at}.type`, "is required: FIXED or EXPONENTIAL");
  if (delayMs === undefined) throw invalid(`${at}.delay`, "is required");
  const delay = inRange(delayMs, 0, 30 * dayMs, `${at}.delay`, " ms");
  inRange(jitter, 0, 1, `${at}.jitter`);
  return jitter > 0 ? { type, delay, jitter } : { type, delay };
}

/** In BullMQ's terms: an age in whole seconds and a count. `true` removes at once, `false` keeps for good. */
function parseRetention({ ageMs, count }: Retention, at: string): NonNullable<JobsOptions["removeOnComplete"]> {
  if (ageMs !== undefined) inRange(ageMs, 0, maxDelayMs, `${at}.age`, " ms");
  if (count !== undefined) inRange(count, 0, 10_000_000, `${at}.count`);
  if (count === 0) return true;
  if (ageMs === undefined) return count === undefined ? false : { count };
  const age = Math.ceil(ageMs / 1000);
  return count === undefined ? { age } : { age, count };
}

function parseDeduplication(given: NonNullable<JobRequest["deduplication"]>, at: string) {
  requireDeduplicationId(given.id, `${at}.id`);
  if (given.ttlMs !== undefined) inRange(given.ttlMs, 1, maxDelayMs, `${at}.ttl`, " ms");
  else if (given.extend) throw invalid(`${at}.extend`, "needs a ttl");
  return {
    id: given.id,
    ...(given.ttlMs === undefined ? {} : { ttl: given.ttlMs }),
    ...(given.extend ? { extend: true } : {}),
    ...(given.replace ? { replace: true } : {}),
  };
}

/** Options as JSON text without its closing brace, as {@link JobSpec} has them. */
export function openJson(options: JobsOptions): string {
  return JSON.stringify(options).slice(0, -1);
}
