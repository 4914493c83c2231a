import { type Lock, probeLock, tryLock } from "../store/postgres/locks.js";
import type { Patience, Session, Statement } from "../store/postgres/session.js";
import type { PostgresStore } from "../store/postgres/store.js";

/** How long a process that does not lead waits before it asks again, in milliseconds; spread by a quarter each way. */
const askEveryMs = 1000;

/** When a server ends the session of a leader that says nothing, and how often one says that it is there; in milliseconds. */
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
 * One process among all that use the database: whoever holds an advisory lock, on a session of its own, so that the lock
 * goes with the process or with its connection. What it does on that session is undone with the lock. A server that is
 * silent for too long has lost it: the network may be gone, and nothing else would tell. A process that is silent loses it
 * too: it may hang, or its machine, while its connection lives.
 *
 * A process that does not lead asks by the pool, once a second, and opens a session only when the lock is free. It does not
 * wait for the lock itself: a statement that waits for hours has a snapshot, and keeps vacuum from all rows that die meanwhile.
 */
export class Leader {
  private session: Session | undefined;
  private standing: Promise<Session | undefined> | undefined;
  private askAt = 0;

  constructor(
    private readonly postgres: PostgresStore,
    private readonly lock: Lock,
    private readonly patience: Patience = { query: 6000, transaction: 60_000 },
    private readonly silence: Silence = { endAfterMs: 10_000, sayEveryMs: 2000 },
  ) {}

  /** The session to work on; undefined while another process leads. Call it as often as you like, and several at a time. */
  async lead(): Promise<Session | undefined> {
    if (this.session && !this.session.lost.aborted) return this.session;
    if (!this.standing && performance.now() < this.askAt) return undefined;
    this.standing ??= this.stand().finally(() => {
      this.standing = undefined;
    });
    this.session = await this.standing;
    // A failure says nothing of who leads: whoever met one asks again when it likes.
    if (!this.session) this.askAt = performance.now() + askEveryMs * (0.75 + Math.random() / 2);
    return this.session;
  }

  async resign(): Promise<void> {
    await this.session?.query(giveUp).catch(() => {}); // The end of the session does so too, a moment after close().
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
    const say = () => session.isIdle && session.query(stillHere).catch(() => {}); // It is lost, then.
    const timer = setInterval(say, sayEveryMs).unref();
    session.lost.addEventListener("abort", () => clearInterval(timer), { once: true });
    return session;
  }
}
