import { setTimeout as sleep } from "node:timers/promises";
import { pack, unpack } from "msgpackr";
import { uuidv7 } from "uuidv7";
import { defineScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "../hot/keys.js";

/** How long a process that died can still be the only one that asks the source. One that lives keeps its lease. */
const leaseMs = 1000;
const pollMs = 20;
/** How long the others wait for its answer: about as long as a statement may take. */
const patienceMs = 5000;
/** A value that is larger is not worth its room in Redis, nor the time on the wire. */
const maxBytes = 32 << 10;
/** Each holds the last of the values that fall to it, so that all together take 32 MiB, however much is asked for. */
const slots = 1024;

/** A cached value, and the bytes that it takes. */
export interface Cached<Value> {
  value: Value;
  bytes: number;
}

/**
 * The cache that all processes share, in Redis (L2). Whoever misses takes a lease and asks the source, while the others
 * wait for its answer. Without Redis each process asks for itself.
 */
export class SharedCache {
  private readonly keepLease: Script<number>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly onRequest: (result: "hit" | "miss") => void,
  ) {
    this.keepLease = defineScript(store.client, "keep-lease", 1);
  }

  /** The value of a question, from Redis or by `load`. The key is that of a hash, in base64url. */
  async get<Value>(key: string, lifeMs: number, load: () => Promise<Value>): Promise<Cached<Value>> {
    const token = uuidv7();
    for (let waited = 0; ; waited += pollMs) {
      const found = await this.find<Value>(key);
      if (found === "large") return this.count("miss", await this.fill(key, lifeMs, await load()));
      if (found) return this.count("hit", found);
      if (await this.take(key, token)) return this.ask(key, token, lifeMs, load);
      if (waited >= patienceMs) return this.count("miss", await this.fill(key, lifeMs, await load()));
      await sleep(pollMs);
    }
  }

  /** With the lease, which is kept for as long as it takes. */
  private async ask<Value>(key: string, token: string, lifeMs: number, load: () => Promise<Value>) {
    const keep = (ms: number) => this.keepLease([this.lease(key)], [token, ms]).catch(() => {}); // It runs out by itself.
    const timer = setInterval(() => void keep(leaseMs), leaseMs / 3);
    try {
      // Between the look and the lease another may have got its answer, and given the lease back.
      const found = await this.find<Value>(key);
      if (found && found !== "large") return this.count("hit", found);
      return this.count("miss", await this.fill(key, lifeMs, await load()));
    } finally {
      clearInterval(timer);
      void keep(0);
    }
  }

  /** Whether nobody else asks the source, as far as can be known. */
  private async take(key: string, token: string): Promise<boolean> {
    if (!this.store.usable) return true;
    const taken = this.store.client.set(this.lease(key), token, "PX", leaseMs, "NX");
    return (await taken.catch(() => "OK")) === "OK";
  }

  private async fill<Value>(key: string, lifeMs: number, value: Value): Promise<Cached<Value>> {
    const packed = pack([key, value]);
    const bytes = packed.length;
    // Of a large one its place says only that, so that nobody waits for it.
    const kept = bytes <= maxBytes ? packed : pack([key]);
    // Awaited, so that the lease is given back only when those who wait can find the value.
    if (this.store.usable) await this.store.client.set(this.slot(key), kept, "PX", lifeMs).catch(() => {});
    return { value, bytes };
  }

  /** undefined also for what cannot be read, be it that Redis is down. */
  private async find<Value>(key: string): Promise<Cached<Value> | "large" | undefined> {
    if (!this.store.usable) return undefined;
    try {
      const packed = await this.store.client.getBuffer(this.slot(key));
      const [of, ...values] = packed ? (unpack(packed) as [string, Value?]) : [];
      if (!packed || of !== key) return undefined;
      return values.length === 0 ? "large" : { value: values[0] as Value, bytes: packed.length };
    } catch {
      return undefined;
    }
  }

  private slot(key: string): string {
    return this.keys.cache(String(Buffer.from(key, "base64url").readUInt16BE() % slots));
  }

  private lease(key: string): string {
    return this.keys.cache(`${key}:lease`);
  }

  private count<Found>(result: "hit" | "miss", found: Found): Found {
    this.onRequest(result);
    return found;
  }
}
