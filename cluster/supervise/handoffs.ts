import type { Worker } from "node:cluster";

/** What Node's primary and its children say to each other; none of it is documented. */
interface ClusterMessage {
  act?: string;
  seq?: number;
  /** The `seq` of what is answered. */
  ack?: number;
}

type Send = (message: ClusterMessage, connection?: { close(): void }, ...rest: unknown[]) => boolean;

/**
 * Closes the connections that a child was given and did not live to take. Node (v20's lib/internal/cluster/round_robin_handle.js)
 * gives each new connection to a child, and keeps it open until the child answers. For one that dies before it does not: the
 * caller would be connected to nobody, and wait for an answer for ever.
 */
export function closeLostConnections({ process }: Worker): void {
  const given = new Map<number, { close(): void }>();
  const send = process.send.bind(process) as unknown as Send;
  const watched: Send = (message, connection, ...rest) => {
    if (message.act === "newconn" && message.seq !== undefined && connection) given.set(message.seq, connection);
    return send(message, connection, ...rest);
  };
  Object.assign(process, { send: watched });
  process.on("internalMessage", ({ ack }: ClusterMessage) => {
    if (ack !== undefined) given.delete(ack);
  });
  process.once("exit", () => {
    for (const connection of given.values()) connection.close();
  });
}
