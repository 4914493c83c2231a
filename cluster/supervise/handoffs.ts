import type { Worker } from "node:cluster";

/** An internal message between Node's primary and its children. Node does not document these messages. */
interface ClusterMessage {
  act?: string;
  seq?: number;
  /** The `seq` of the message that this message answers. */
  ack?: number;
}

type Send = (message: ClusterMessage, connection?: { close(): void }, ...rest: unknown[]) => boolean;

/**
 * Closes the connections that were given to a child that died before it took them. Node gives each new connection to a
 * child, and keeps the connection open until the child answers (v20's lib/internal/cluster/round_robin_handle.js). If
 * the child dies first, Node never closes the connection. The caller would wait for an answer for ever.
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
