import type { Socket } from "node:net";

/** An open connection. */
export interface Connection {
  /** "address:port" of the client. */
  readonly peer: string;
  /** When it is to be replaced, on performance.now()'s clock. */
  readonly replaceAt: number;
  /** Whether a request has come on it. */
  used: boolean;
}

/** The open connections of a server: how old they are, and which may be closed. */
export class Connections {
  private readonly open = new Map<Socket, Connection>();
  private retiring = false;

  constructor(private readonly maxAgeMs: number) {}

  accept(socket: Socket): Connection {
    // Not all at once, when they were opened all at once.
    const age = this.maxAgeMs * (0.9 + Math.random() / 5);
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    const connection = { peer, replaceAt: performance.now() + age, used: false };
    this.open.set(socket, connection);
    socket.once("close", () => this.open.delete(socket));
    return connection;
  }

  /** The connection that a request comes on. */
  use(socket: Socket): Connection {
    const connection = this.open.get(socket) ?? this.accept(socket);
    connection.used = true;
    return connection;
  }

  /** Whether a connection may carry another call: none may once the server stops. */
  mayLiveOn({ replaceAt }: Connection): boolean {
    return !this.retiring && performance.now() < replaceAt;
  }

  /** From now on every answer closes its connection. */
  retire(): void {
    this.retiring = true;
  }

  /** Closes those that never carried a request; Node does not count them as idle. */
  closeUnused(): void {
    for (const [socket, { used }] of this.open) if (!used) socket.destroy();
  }

  closeAll(): void {
    for (const socket of this.open.keys()) socket.destroy();
  }
}
