import { type Lock, probeLock, tryLock } from "../store/postgres/locks.js";
import type { Patience, Session, Statement } from "../store/postgres/session.js";
import type { PostgresStore } from "../store/postgres/store.js";

/**
 * How long a leader may be silent before PostgreSQL ends its session, and how often a leader shows that it is alive.
 * Both are in milliseconds.
 */
interface Silence {
  endAfterMs: number;
  sayEveryMs: number;
}

const endIfSilent: Statement = {
  name: "end-if-silent",
  text: `SELECT set_config(setting, $1::integer::text, false)
    FROM unnest(ARRAY['idle_session_timeout', 'idle_in_transaction_session_timeout']) AS setting`,
};
const giveUp: Statement = { name: "give-up", text: "SELECT pg_advisory_unlock_all()" };
const stillHere: Statement = { name: "still-here", text: "SELECT 1" };

/**
 * Elects one process among all that use the database. The leader holds an advisory lock on its own session. PostgreSQL
 * frees the lock, and undoes unfinished work on that session, when the leader's process or connection ends.
 * - If the server is silent for too long, the leader's session counts as lost. The network may be gone, and nothing
 *   else would show that.
 * - If the leader is silent for too long, it loses the lock. The process or its machine may hang while the connection
 *   lives.
 *
 * A process that does not lead asks on a connection of the pool, and opens a session only when the lock is free. The
 * process does not wait for the lock: a statement that waits for hours keeps its snapshot. Vacuum could then not remove
 * any row that dies meanwhile.
 */
export class Leader {
  private session: Session | undefined;

  constructor(
    private readonly postgres: PostgresStore,
    private readonly lock: Lock,
    private readonly patience: Patience = { query: 6000, transaction: 60_000 },
    private readonly silence: Silence = { endAfterMs: 10_000, sayEveryMs: 2000 },
  ) {}

  /**
   * Asks for the lock, unless this process holds it. Returns the session to work on, or undefined if another process
   * leads.
   */
  async lead(): Promise<Session | undefined> {
    if (!this.session || this.session.lost.aborted) this.session = await this.stand();
    return this.session;
  }

  /** Leaves the lock to another process. */
  async resign(): Promise<void> {
    await this.session?.query(giveUp).catch(() => {}); // Closing also frees the lock, but a moment later.
    await this.session?.close();
    this.session = undefined;
  }

  private async stand(): Promise<Session | undefined> {
    const [lock] = await this.postgres.query<{ free: boolean }>(probeLock(this.lock));
    if (!lock?.free) return undefined;
    const session = await this.postgres.session(this.patience);
    try {
      const [row] = await session.query<{ elected: boolean }>(tryLock(this.lock));
      if (row?.elected) return await this.stay(session);
    } catch (error) {
      await session.close();
      throw error;
    }
    await session.close();
    return undefined;
  }

  private async stay(session: Session): Promise<Session> {
    const { endAfterMs, sayEveryMs } = this.silence;
    await session.query(endIfSilent, [endAfterMs]);
    const say = () => session.isIdle && session.query(stillHere).catch(() => {}); // Fails if the session is lost.
    const timer = setInterval(say, sayEveryMs).unref();
    session.lost.addEventListener("abort", () => clearInterval(timer), { once: true });
    return session;
  }
}
