import { PostaError, show } from "../errors.js";
import { fromToken, isCount, maxPageBytes, pageSize, toToken } from "../page-token.js";
import type { RedisStore } from "../store/redis.js";
import { toReadError } from "../store/redis-errors.js";
import { defineScript, readLua, type Script } from "../store/scripts.js";
import type { Keys } from "./keys.js";

/** BullMQ's words for where a job is. */
export type State = "waiting" | "active" | "delayed" | "prioritized" | "waiting-children" | "completed" | "failed";

/** Where a job is; "orphaned": in no list of its queue, so that no worker is ever handed it. */
export type FoundState = State | "orphaned";

/** A job's hash as BullMQ keeps it, with its id, its state and its score in that state's set. */
export interface StoredJob {
  id: string;
  state: FoundState;
  score: number | undefined;
  fields: Record<string, string>;
}

export interface LogPage {
  lines: string[];
  total: number;
  nextPageToken: string;
}

type Found = [state: FoundState, score: string, fields: string[]];

/** Longer lines are not searched for a job, because Redis would serve nobody else meanwhile. */
const maxSearchedLine = 1000;
const logChunk = 100;

/** Reads single jobs and their logs. */
export class JobReader {
  private readonly getJob: Script<Found | null>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {
    this.getJob = defineScript(store.client, "get-job", 1, { before: readLua("job-state") });
  }

  /** Throws not-found. */
  async get(queue: string, id: string): Promise<StoredJob> {
    const [state, score, flat] = await this.find(queue, id);
    return { id, state, score: score === "" ? undefined : Number(score), fields: toFields(flat) };
  }

  /** Where a job is, without reading its payload. Throws not-found. */
  async state(queue: string, id: string): Promise<FoundState> {
    const [state] = await this.find(queue, id, "timestamp");
    return state;
  }

  private async find(queue: string, id: string, ...fields: string[]): Promise<Found> {
    const args = [this.keys.start(queue), id, maxSearchedLine, ...fields];
    const found = await this.getJob([this.keys.of(queue, id)], args).catch(rethrow);
    if (!found) throw noSuchJob(queue, id);
    return found;
  }

  /** A page of a job's log, oldest line first; it ends early where it would pass 2 MiB. Throws not-found. */
  async logs(queue: string, id: string, size: number, token: string): Promise<LogPage> {
    const limit = pageSize(size, 100, 1000);
    const [start = 0] = (fromToken(token, "logs", ([line]) => isCount(line)) ?? []).map(Number);
    const key = `${this.keys.of(queue, id)}:logs`;
    await this.state(queue, id);
    const lines: string[] = [];
    let [total, bytes, full] = [0, 0, false];
    while (!full && lines.length < limit) {
      const from = start + lines.length;
      const until = from + Math.min(logChunk, limit - lines.length) - 1;
      const { client } = this.store;
      const [length, chunk] = await Promise.all([client.llen(key), client.lrange(key, from, until)]).catch(rethrow);
      total = length;
      for (const line of chunk) {
        bytes += Buffer.byteLength(line);
        full = bytes > maxPageBytes && lines.length > 0;
        if (full) break;
        lines.push(line);
      }
      if (chunk.length < until - from + 1) break;
    }
    const next = start + lines.length;
    return { lines, total, nextPageToken: next < total ? toToken(["logs", next]) : "" };
  }
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

function toFields(flat: string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) fields[flat[at] as string] = flat[at + 1] as string;
  return fields;
}
