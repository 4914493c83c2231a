import { Cluster } from "ioredis";
import { Gauge, type Registry } from "prom-client";
import type { Logger } from "./log.js";
import { Loop } from "./loop.js";
import type { RedisStore } from "./store/redis.js";

const times = { everyMs: 5000, retryMs: 5000 };

/** What Redis says of its memory, added up over all its servers. */
interface Memory {
  used: number;
  /** Of maxmemory, or of the machine where that is not set. */
  limit: number;
}

/** A Redis' memory for /metrics, read at an interval: a scrape never waits for it, and a timestamp shows how old it is. */
export function watchRedisMemory(store: RedisStore, name: "queue" | "analytics", metrics: Registry, log: Logger): Loop {
  const used = gauge(metrics, "posta_redis_memory_bytes", "Memory that a Redis uses.");
  const limit = gauge(metrics, "posta_redis_memory_limit_bytes", "Its maxmemory, or all of its machine's.");
  const readTime = gauge(metrics, "posta_redis_memory_timestamp_seconds", "When that was last read, since 1970.");
  return new Loop({ name: `memory of the ${name} Redis`, ...times }, log, async () => {
    store.requireUsable();
    const memory = await readMemory(store);
    used.set({ store: name }, memory.used);
    limit.set({ store: name }, memory.limit);
    readTime.set({ store: name }, Date.now() / 1000);
  });
}

async function readMemory({ client }: RedisStore): Promise<Memory> {
  const servers = client instanceof Cluster ? client.nodes("master") : [client];
  const all = await Promise.all(servers.map(async (server) => parseMemory(await server.info("memory"))));
  return all.reduce((sum, { used, limit }) => ({ used: sum.used + used, limit: sum.limit + limit }));
}

function parseMemory(info: string): Memory {
  const figure = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
  return { used: figure("used_memory"), limit: figure("maxmemory") || figure("total_system_memory") };
}

/** Several delivery processes see the same Redis: their figures are not to be added up. */
function gauge(metrics: Registry, name: string, help: string): Gauge<"store"> {
  return new Gauge({ name, help, labelNames: ["store"], aggregator: "max", registers: [metrics] });
}
