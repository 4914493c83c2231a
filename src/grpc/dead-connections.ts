import type { Http2Server, ServerHttp2Session } from "node:http2";

/** How often connections are looked at, in milliseconds. A dead one is closed within two looks. */
const lookMs = 500;

/** What the last look at a connection saw. */
interface Look {
  bytesRead: number;
  bytesWritten: number;
  /** Whether the connection has a PING to write since that look. */
  asked: boolean;
  /** Whether a PING is without an answer. */
  isPinging: boolean;
}

/** The socket of a session as far as it is asked here. The session writes past the socket's own queue, to the handle. */
interface SessionSocket {
  bytesRead: number;
  bytesWritten: number;
  _handle?: { writeQueueSize?: number } | null;
}

/**
 * Closes connections that nghttp2 has given up. After a frame that breaks the connection, such as headers of more than 64 KiB,
 * nghttp2 sends GOAWAY, and reads and writes no more. Node is not told, so the connection stays open, and every call on it
 * waits for its deadline. A connection that has read something is made to write a PING: one that does not write is dead.
 */
export class DeadConnections {
  private readonly looks = new Map<ServerHttp2Session, Look>();
  private readonly timer = setInterval(() => this.lookAtAll(), lookMs).unref();

  watch(server: Http2Server): void {
    server.on("session", (session) => {
      this.looks.set(session, { bytesRead: 0, bytesWritten: 0, asked: false, isPinging: false });
      session.once("close", () => this.looks.delete(session));
    });
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private lookAtAll(): void {
    for (const [session, look] of this.looks) {
      if (session.destroyed) continue;
      if (look.asked && isDead(session, look)) session.destroy();
      else ask(session, look);
    }
  }
}

/** A socket that takes no more for the moment has bytes in its queue: then the client does not read, and is no case of this. */
function isDead(session: ServerHttp2Session, look: Look): boolean {
  const { bytesWritten, _handle } = session.socket as unknown as SessionSocket;
  return (
    bytesWritten === look.bytesWritten && _handle?.writeQueueSize === 0 && (session.state.outboundQueueSize ?? 0) > 0
  );
}

function ask(session: ServerHttp2Session, look: Look): void {
  const { bytesRead, bytesWritten } = session.socket as unknown as SessionSocket;
  look.asked = bytesRead !== look.bytesRead && !look.isPinging;
  if (!look.asked) return;
  look.bytesRead = bytesRead;
  look.bytesWritten = bytesWritten;
  look.isPinging = session.ping(() => {
    look.isPinging = false;
  });
}
