import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { pack } from "msgpackr";
import { Counter, type Registry } from "prom-client";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "../hot/keys.js";
import { type Cached, SharedCache } from "./shared-cache.js";

/** How long a result may be served after the source was asked for it, in milliseconds. */
export interface Lifetimes {
  local: number;
  /** 0: the result is not worth a round trip to Redis. */
  shared: number;
}

/** For results with hours that are still written. Only in the process, so that the ages of two levels do not add up. */
export const hotLifetimes: Lifetimes = { local: 1000, shared: 0 };
/** For results from before the watermark, which do not change any more. */
export const historyLifetimes: Lifetimes = { local: 5 * 60_000, shared: 60 * 60_000 };

const maxEntries = 10_000;
const maxBytes = 32 << 20;
/** An entry takes more than its packed bytes: objects are larger, and the response made from them is kept too. */
const overhead = 500;
const blowUp = 10;

/** A question that the source has not answered yet. */
interface Loading {
  begun: number;
  value: Promise<object>;
}

/**
 * Results of reads: in the process (L1), in Redis (L2), then from the source. Calls with the same question at the same
 * time ask the source once. Only if the source was asked so long ago that its answer would be too old, a call asks
 * again. Callers get the kept result itself: nobody may change it.
 */
export class Cache {
  private readonly local: LRUCache<string, object>;
  private readonly shared: SharedCache;
  private readonly loading = new Map<string, Loading>();
  private readonly requests: Counter;

  constructor(
    store: RedisStore,
    keys: Keys,
    metrics: Registry,
    private readonly now: () => number,
  ) {
    this.requests = new Counter({
      name: "posta_analytics_cache_requests_total",
      help: "Reads of analytics by the level of the cache that they asked and what it had; coalesced: they shared another's question to the source.",
      labelNames: ["level", "result"],
      registers: [metrics],
    });
    this.local = new LRUCache({ max: maxEntries, maxSize: maxBytes, perf: { now }, ttlResolution: 0 });
    this.shared = new SharedCache(store, keys, (result) => this.requests.inc({ level: "shared", result }));
  }

  /** The result of a question. The question names everything that `load` depends on. */
  get<Value extends object>(question: unknown[], lifetimes: Lifetimes, load: () => Promise<Value>): Promise<Value> {
    const key = createHash("sha1").update(JSON.stringify(question)).digest("base64url");
    const kept = this.local.get(key);
    if (kept) return this.count("hit", Promise.resolve(kept as Value));
    const begun = this.now();
    const loading = this.loading.get(key);
    if (loading && begun - loading.begun < lifetimes.local)
      return this.count("coalesced", loading.value as Promise<Value>);
    const value = this.load(key, begun, lifetimes, load).finally(() => {
      if (this.loading.get(key)?.value === value) this.loading.delete(key);
    });
    this.loading.set(key, { begun, value });
    return this.count("miss", value);
  }

  private async load<Value extends object>(
    key: string,
    begun: number,
    lifetimes: Lifetimes,
    load: () => Promise<Value>,
  ) {
    const { value, bytes } = await this.ask(key, lifetimes, load);
    const ttl = lifetimes.local - (this.now() - begun);
    if (ttl > 0) this.local.set(key, value, { ttl, size: overhead + blowUp * bytes });
    return value;
  }

  private async ask<Value>(key: string, { shared }: Lifetimes, load: () => Promise<Value>): Promise<Cached<Value>> {
    if (shared > 0) return this.shared.get(key, shared, load);
    const value = await load();
    return { value, bytes: pack(value).length };
  }

  private count<Answer>(result: "hit" | "miss" | "coalesced", answer: Answer): Answer {
    this.requests.inc({ level: "local", result });
    return answer;
  }
}
