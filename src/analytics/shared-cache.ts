import { setTimeout as sleep } from "node:timers/promises";
import { pack, unpack } from "msgpackr";
import { uuidv7 } from "uuidv7";
import type { RedisStore } from "../store/redis.js";
import { defineScript, type Script } from "../store/scripts.js";
import type { Keys } from "./keys.js";

/** How long one process may be the only one that asks the source, and how long the others wait for it, at most. */
const leaseMs = 1000;
const pollMs = 20;
/** A value that is larger is not worth its room in Redis, nor the time on the wire. */
const maxBytes = 1 << 20;

/** A cached value, and the bytes that it takes. */
export interface Cached<Value> {
  value: Value;
  bytes: number;
}

/**
 * The cache that all processes share, in Redis (L2). Whoever misses takes a short lease and asks the source, while the
 * others wait for its answer; none waits longer than the lease. Without Redis each process asks for itself.
 */
export class SharedCache {
  private readonly release: Script<number>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly onRequest: (result: "hit" | "miss") => void,
  ) {
    this.release = defineScript(store.client, "release-lease", 1);
  }

  /** The value of a key, from Redis or by `load`. */
  async get<Value>(key: string, lifeMs: number, load: () => Promise<Value>): Promise<Cached<Value>> {
    const found = await this.find<Value>(key);
    if (found) return this.count("hit", found);
    const token = uuidv7();
    const lease = this.keys.cache(`${key}:lease`);
    const mine = await this.store.client.set(lease, token, "PX", leaseMs, "NX").catch(() => "OK");
    if (mine !== "OK") {
      const other = await this.waitFor<Value>(key);
      if (other) return this.count("hit", other);
    }
    this.onRequest("miss");
    try {
      return await this.fill(key, lifeMs, await load());
    } finally {
      if (mine === "OK") this.release([lease], [token]).catch(() => {}); // It runs out by itself.
    }
  }

  private async waitFor<Value>(key: string): Promise<Cached<Value> | undefined> {
    for (let waited = 0; waited < leaseMs; waited += pollMs) {
      await sleep(pollMs);
      const found = await this.find<Value>(key);
      if (found) return found;
    }
    return undefined;
  }

  private async fill<Value>(key: string, lifeMs: number, value: Value): Promise<Cached<Value>> {
    const packed = pack(value);
    const bytes = packed.length;
    // Awaited, so that the lease is given back only when those who wait can find the value.
    if (bytes <= maxBytes) await this.store.client.set(this.keys.cache(key), packed, "PX", lifeMs).catch(() => {});
    return { value, bytes };
  }

  /** undefined also for what cannot be read, be it that Redis is down. */
  private async find<Value>(key: string): Promise<Cached<Value> | undefined> {
    try {
      const packed = await this.store.client.getBuffer(this.keys.cache(key));
      return packed ? { value: unpack(packed), bytes: packed.length } : undefined;
    } catch {
      return undefined;
    }
  }

  private count<Found>(result: "hit" | "miss", found: Found): Found {
    this.onRequest(result);
    return found;
  }
}
