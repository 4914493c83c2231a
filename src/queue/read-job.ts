import { PostaError, show } from "../errors.js";
import { fromToken, isCount, maxPageBytes, pageSize, toToken } from "../page-token.js";
import type { RedisStore } from "../store/redis.js";
import { toReadError } from "../store/redis-errors.js";
import { defineScript, type Script } from "../store/scripts.js";
import { fullFields, type JobRow, readArguments, toFields } from "./job-fields.js";
import type { Keys } from "./keys.js";

/** BullMQ's words for where a job is. */
export type State = "waiting" | "active" | "delayed" | "prioritized" | "waiting-children" | "completed" | "failed";

/** A job's hash as BullMQ keeps it, with its id, its state and its score in that state's set. */
export interface StoredJob {
  id: string;
  state: State;
  score: number | undefined;
  fields: Record<string, string>;
  /** The names of fields that are cut or left out, as they do not fit an answer. */
  cut: string[];
}

export interface LogPage {
  lines: string[];
  total: number;
  nextPageToken: string;
}

const jobKeys = ["meta", "completed", "failed", "delayed", "prioritized", "waiting-children", "active"];
/** A longer line is cut. */
const maxLineBytes = 1 << 20;

/** Reads single jobs and their logs. */
export class JobReader {
  private readonly readJob: Script<[State, string, JobRow] | null>;
  private readonly readLogs: Script<[number, ...(string | [string, number])[]] | null>;

  constructor(
    store: RedisStore,
    private readonly keys: Keys,
    /** What a job may have in an answer; a larger one is cut. */
    private readonly maxBytes: number,
  ) {
    this.readJob = defineScript(store.client, "read-jobs", jobKeys.length, "read-job");
    this.readLogs = defineScript(store.client, "read-logs", 2);
  }

  /** Throws not-found. */
  async get(queue: string, id: string): Promise<StoredJob> {
    const keys = jobKeys.map((part) => this.keys.of(queue, part));
    const args = [this.keys.start(queue), ...readArguments(fullFields, maxPageBytes, this.maxBytes), id];
    const found = await this.readJob(keys, args).catch(rethrow);
    if (!found) throw noSuchJob(queue, id);
    const [state, score, row] = found;
    return { id, state, score: score === "" ? undefined : Number(score), ...toFields(fullFields, row) };
  }

  /** A page of a job's log, oldest line first; it ends early where it would pass 2 MiB. Throws not-found. */
  async logs(queue: string, id: string, size: number, token: string): Promise<LogPage> {
    const limit = pageSize(size, 100, 1000);
    const [start = 0] = (fromToken(token, "logs", ([line]) => isCount(line)) ?? []).map(Number);
    const key = this.keys.of(queue, id);
    const found = await this.readLogs([key, `${key}:logs`], [start, limit, maxPageBytes, maxLineBytes]).catch(rethrow);
    if (!found) throw noSuchJob(queue, id);
    const [total, ...shown] = found;
    const next = start + shown.length;
    return { lines: shown.map(toLine), total, nextPageToken: next < total ? toToken(["logs", next]) : "" };
  }
}

function toLine(line: string | [string, number]): string {
  return typeof line === "string" ? line : `${line[0]}... (cut: the line has ${line[1]} bytes)`;
}

export function noSuchJob(queue: string, id: string): PostaError {
  return new PostaError("not-found", `the queue ${show(queue)} has no job ${show(id)}`);
}

export function noSuchQueue(queue: string): PostaError {
  return new PostaError("not-found", `there is no queue ${show(queue)}`);
}

/** For the catch of a promise that only reads: the store's failure in the domain's words. */
export function rethrow(error: unknown): never {
  throw toReadError(error);
}
