import { type Lock, tryLock } from "./locks.js";
import type { PostgresStore } from "./postgres.js";
import type { Patience, Session } from "./postgres-session.js";

/**
 * One process among all that use the database: whoever holds an advisory lock, on a session of its own, so that the lock
 * goes with the process or with its connection. What it does on that session is undone with the lock. A server that is
 * silent for too long has lost it: the network may be gone, and nothing else would tell.
 */
export class Leader {
  private session: Session | undefined;
  private standing: Promise<Session | undefined> | undefined;

  constructor(
    private readonly postgres: PostgresStore,
    private readonly lock: Lock,
    private readonly patience: Patience = { query: 6000, transaction: 60_000 },
  ) {}

  /** The session to work on; undefined while another process leads. Several may ask at a time: they share it. */
  async lead(): Promise<Session | undefined> {
    if (this.session && !this.session.lost.aborted) return this.session;
    this.standing ??= this.stand().finally(() => {
      this.standing = undefined;
    });
    this.session = await this.standing;
    return this.session;
  }

  async resign(): Promise<void> {
    await this.session?.close();
    this.session = undefined;
  }

  private async stand(): Promise<Session | undefined> {
    const session = await this.postgres.session(this.patience);
    try {
      const [row] = await session.query<{ elected: boolean }>(tryLock(this.lock));
      if (row?.elected) return session;
    } catch (error) {
      await session.close();
      throw error;
    }
    await session.close();
    return undefined;
  }
}
