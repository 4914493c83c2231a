import type { Config } from "../../config/config.js";
import type { Logger } from "../../telemetry/log/log.js";
import { openRedis, type RedisClient } from "../redis/address.js";

/**
 * A connection to the queues' Redis for a BullMQ worker. A worker, unlike a caller, can wait for a Redis that is down.
 * The code that opened the connection disconnects it.
 */
export function openWorkerRedis(
  { queueRedisUrl: url }: Config,
  log: Logger,
  { lazyConnect = false } = {},
): RedisClient {
  if (url === undefined) throw new Error("the queue's Redis has no address: the primary gives its children one");
  const client = openRedis(url, "POSTA_QUEUE_REDIS_URL", { maxRetriesPerRequest: null, lazyConnect });
  client.on("error", (error) => log.debug({ err: error }, "redis connection of a worker"));
  return client;
}

/** Resolves when the connection is lost, or at once without a connection: then no work that needs it will end. */
export async function untilLost(client: RedisClient): Promise<void> {
  if (client.status !== "ready") return;
  await new Promise<void>((resolve) => {
    client.once("close", () => resolve()); // Not events.once(): a reset is an error first, and once() would throw it.
  });
}
