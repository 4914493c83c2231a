import type { Socket } from "node:net";

/** An open connection. */
export interface Connection {
  /** "address:port" of the client. */
  readonly peer: string;
  /** When the client should replace the connection, on performance.now()'s clock. */
  readonly replaceAt: number;
  /** Whether the connection has carried a request. */
  used: boolean;
}

/** The open connections of a server: their ages, and which of them may be closed. */
export class Connections {
  private readonly open = new Map<Socket, Connection>();
  private retiring = false;

  constructor(private readonly maxAgeMs: number) {}

  accept(socket: Socket): Connection {
    // Vary the age, so that connections that opened together do not all close together.
    const age = this.maxAgeMs * (0.9 + Math.random() / 5);
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    const connection = { peer, replaceAt: performance.now() + age, used: false };
    this.open.set(socket, connection);
    socket.once("close", () => this.open.delete(socket));
    return connection;
  }

  /** The connection of a request, marked as used. */
  use(socket: Socket): Connection {
    const connection = this.open.get(socket) ?? this.accept(socket);
    connection.used = true;
    return connection;
  }

  /** Whether a connection may carry another call. While the server stops, no connection may. */
  mayLiveOn({ replaceAt }: Connection): boolean {
    return !this.retiring && performance.now() < replaceAt;
  }

  /** From now on every answer closes its connection. */
  retire(): void {
    this.retiring = true;
  }

  /** Closes the connections that never carried a request. Node does not count these as idle. */
  closeUnused(): void {
    for (const [socket, { used }] of this.open) if (!used) socket.destroy();
  }

  closeAll(): void {
    for (const socket of this.open.keys()) socket.destroy();
  }
}
