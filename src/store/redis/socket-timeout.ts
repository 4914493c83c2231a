import { Cluster, type Redis } from "ioredis";
import type { RedisClient } from "./address.js";

/** The timer of the time-out, inside an ioredis connection. */
interface Timed {
  socketTimeoutTimer: NodeJS.Timeout | undefined;
}

/**
 * Ends a connection's `socketTimeout` with the connection. When a connection closes that still owed an answer, ioredis
 * lets the timer run on. The timer then destroys the next connection, however healthy.
 */
export function endSocketTimeouts(client: RedisClient): void {
  if (client instanceof Cluster) client.on("+node", endWithConnection);
  else endWithConnection(client);
}

function endWithConnection(connection: Redis): void {
  connection.on("close", () => {
    const timed = connection as unknown as Timed;
    clearTimeout(timed.socketTimeoutTimer);
    timed.socketTimeoutTimer = undefined;
  });
}
