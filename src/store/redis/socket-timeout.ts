import { Cluster, type Redis } from "ioredis";
import type { RedisClient } from "./address.js";

/** What ioredis keeps of a connection's time-out. */
interface Timed {
  socketTimeoutTimer: NodeJS.Timeout | undefined;
}

/**
 * Ends a connection's `socketTimeout` with the connection. ioredis lets it run on when a connection closes that owed an
 * answer, and then destroys the next one, however healthy, by the time-out of the last.
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
