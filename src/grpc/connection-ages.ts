import type { Http2Server, Http2Session } from "node:http2";

/** How old the connections of a server are. */
export class ConnectionAges {
  /** On performance.now()'s clock. */
  private readonly openedAt = new WeakMap<Http2Session, number>();

  watch(server: Http2Server): void {
    server.on("session", (session) => this.openedAt.set(session, performance.now()));
  }

  /** The age of a connection in milliseconds; 0: the connection is gone. */
  of(connection: Http2Session | undefined): number {
    const openedAt = connection && this.openedAt.get(connection);
    return openedAt === undefined ? 0 : performance.now() - openedAt;
  }
}
