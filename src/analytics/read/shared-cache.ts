import { setTimeout as sleep } from "node:timers/promises";
import { pack, unpack } from "msgpackr";
import { uuidv7 } from "uuidv7";
import { defineScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "../hot/keys.js";

/** How long a dead process can keep others from asking the source. A living process renews its lease. */
const leaseMs = 1000;
const pollMs = 20;
/** How long the other processes wait for the answer: about as long as a statement may take. */
const patienceMs = 5000;
/** A larger value is not worth its memory in Redis, nor the time on the wire. */
const maxBytes = 32 << 10;
/** Each slot keeps the last value of its keys. So all values together take 32 MiB at most. */
const slots = 1024;

/** A cached value, and the bytes that it takes. */
export interface Cached<Value> {
  value: Value;
  bytes: number;
}

/**
 * The cache that all processes share, in Redis (L2). The first process that misses takes a lease and asks the source.
 * The others wait for its answer. Without Redis each process asks for itself.
 */
export class SharedCache {
  private readonly keepLease: Script<number>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly onRequest: (result: "hit" | "miss") => void,
  ) {
    this.keepLease = defineScript(store.client, "analytics/keep-lease", 1);
  }

  /** The value of a key, from Redis or from `load`. The key is a hash in base64url. */
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

  /** Asks the source with the lease, and renews the lease until the answer is there. */
  private async ask<Value>(key: string, token: string, lifeMs: number, load: () => Promise<Value>) {
    const keep = (ms: number) => this.keepLease([this.lease(key)], [token, ms]).catch(() => {}); // Else it runs out.
    const timer = setInterval(() => void keep(leaseMs), leaseMs / 3);
    try {
      // Between the look and the lease another process may have stored its answer, and given its lease back.
      const found = await this.find<Value>(key);
      if (found && found !== "large") return this.count("hit", found);
      return this.count("miss", await this.fill(key, lifeMs, await load()));
    } finally {
      clearInterval(timer);
      void keep(0);
    }
  }

  /** Takes the lease. True if nobody else asks the source, as far as this process can know. */
  private async take(key: string, token: string): Promise<boolean> {
    if (!this.store.usable) return true;
    const taken = this.store.client.set(this.lease(key), token, "PX", leaseMs, "NX");
    return (await taken.catch(() => "OK")) === "OK";
  }

  private async fill<Value>(key: string, lifeMs: number, value: Value): Promise<Cached<Value>> {
    const packed = pack([key, value]);
    const bytes = packed.length;
    // The slot of a large value says only that the value is large, so that nobody waits for it.
    const kept = bytes <= maxBytes ? packed : pack([key]);
    // Awaited, so that waiting processes can find the value before the lease is given back.
    if (this.store.usable) await this.store.client.set(this.slot(key), kept, "PX", lifeMs).catch(() => {});
    return { value, bytes };
  }

  /** Undefined also if the value cannot be read, for example while Redis is down. */
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
