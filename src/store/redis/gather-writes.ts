import type { Socket } from "node:net";
import type { RedisClient } from "./address.js";

const gathering = new WeakSet<Socket>();

/**
 * Holds back what a client writes until the calls that arrived together have all had their turn. Their commands then
 * leave in one system call, which costs less than one for each. A lone command waits for nothing but the end of this
 * turn of the event loop. A Redis Cluster has a connection for each node, and writes at once.
 */
export function gatherWrites(client: RedisClient): void {
  const stream = "stream" in client ? client.stream : undefined;
  if (!stream || gathering.has(stream)) return;
  gathering.add(stream);
  stream.cork();
  setImmediate(() => {
    gathering.delete(stream);
    stream.uncork();
  });
}
