import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type { Waiter } from "../../batching/waiter.js";
import { readBullLua } from "../../store/bullmq/lua-functions.js";
import { parseInfo } from "../../store/redis/info.js";
import { defineScript, readLua, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "../job/keys.js";
import { parseObject } from "../job/stored-json.js";
import { requireCaller } from "./long-change.js";

/** How many keys of the whole Redis one step of a scan looks at. */
const scanKeys = 1000;
/** How long a call that ended early can be continued by another call. */
const resumeSeconds = 3600;

/** How far a sweep has come. */
interface Progress {
  /** When the sweep began, in milliseconds since 1970. */
  begun: number;
  /**
   * The cursor of each Redis server, by the id of that server's run, because a cursor means nothing after a restart.
   * "0": the scan of that server is complete.
   */
  cursors: Record<string, string>;
}

/**
 * Which queue to sweep. `anew`: the queue still existed, or existed again. The part of Redis that an earlier sweep has
 * passed may then have keys of it.
 */
interface SweepQuery {
  queue: string;
  begun: number;
  anew: boolean;
}

/**
 * Finds and removes the last keys of an obliterated queue, by a scan of the whole Redis. If the caller leaves, the
 * sweep keeps its place, and the next sweep continues there. So the work ends however large the Redis is.
 */
export class KeySweep {
  private readonly sweepQueue: Script<number>;
  /**
   * Resolves when the earlier sweeps have ended. A process runs one sweep at a time, because each takes much of Redis'
   * time.
   */
  private earlier: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {
    const before = readBullLua("removeJob") + readLua("queue/job-state");
    this.sweepQueue = defineScript(store.client, "queue/sweep-queue", 1, { before });
  }

  /** Throws expired if the caller leaves before the end. Also throws the errors of Redis. */
  run(query: SweepQuery, caller: Waiter): Promise<void> {
    const done = this.earlier.then(() => this.sweep(query, caller));
    this.earlier = done.catch(() => {});
    return done;
  }

  /** Scans all servers of a Redis Cluster: the queue's keys are on one of them, and it may be any. */
  private async sweep({ queue, begun, anew }: SweepQuery, caller: Waiter): Promise<void> {
    const { client } = this.store;
    const key = this.keys.sweep(queue);
    const kept = parseObject<Progress>((!anew && (await client.get(key))) || "{}");
    const progress: Progress = { begun: kept.begun ?? begun, cursors: kept.cursors ?? {} };
    try {
      for (const node of this.store.masters) await this.sweepNode(node, queue, progress, caller);
    } catch (error) {
      await client.set(key, JSON.stringify(progress), "EX", resumeSeconds).catch(() => {}); // The first error counts.
      throw error;
    }
    await client.del(key);
  }

  private async sweepNode(node: Redis, queue: string, { begun, cursors }: Progress, caller: Waiter): Promise<void> {
    const run = parseInfo(await node.info("server")).get("run_id") ?? randomUUID();
    const start = this.keys.start(queue);
    const pattern = `${start.replace(/[\\*?[\]]/g, "\\$&")}*`;
    const keys = [this.keys.of(queue, "meta")];
    let cursor = cursors[run];
    while (cursor !== "0") {
      requireCaller(caller);
      // Reads keys as bytes: an id of another producer need not be UTF-8.
      const [next, found]: [Buffer, Buffer[]] = await node.scanBuffer(
        cursor ?? "0",
        "MATCH",
        pattern,
        "COUNT",
        scanKeys,
      );
      const names = found.map((one) => one.subarray(Buffer.byteLength(start)));
      if (names.length > 0) await this.sweepQueue(keys, [start, begun, ...names]);
      cursor = next.toString();
      cursors[run] = cursor;
    }
  }
}
