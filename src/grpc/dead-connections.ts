import type { Http2Server, ServerHttp2Session } from "node:http2";

/** How often connections are checked, in milliseconds. A dead connection is closed within two checks. */
const lookMs = 500;

/** What the last check of a connection saw. */
interface Look {
  bytesRead: number;
  bytesWritten: number;
  /** Whether the connection has had a PING to write since that check. */
  asked: boolean;
  /** Whether a PING is still unanswered. */
  isPinging: boolean;
}

/** What this file reads of a session's socket. The session writes to the handle, past the socket's own queue. */
interface SessionSocket {
  bytesRead: number;
  bytesWritten: number;
  _handle?: { writeQueueSize?: number } | null;
}

/**
 * Closes connections that nghttp2 has given up. After a frame that breaks the connection, such as headers of more than
 * 64 KiB, nghttp2 sends GOAWAY and stops reading and writing. nghttp2 does not tell Node. So the connection stays open,
 * and every call on it waits for its deadline. To find such a connection, Posta sends a PING after the connection has
 * read something. If the connection does not write the PING, it is dead.
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

/** If the socket's queue has bytes, the client is only slow to read, and the connection is not dead. */
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
