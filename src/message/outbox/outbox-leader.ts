import type { Leader } from "../../background/leader.js";
import type { Session } from "../../store/postgres/session.js";

/** The one process that looks after the outbox. It is told when messages come in. */
export class OutboxLeader {
  private session: Session | undefined;
  private since = 0;

  constructor(
    private readonly leader: Leader,
    private readonly onNotify: () => void,
  ) {}

  /** Whether this process leads. */
  async leads(): Promise<boolean> {
    if (this.session && !this.session.lost.aborted) return true;
    const session = await this.leader.lead();
    if (!session || session === this.session) return session !== undefined;
    await session.listen("posta_outbox", this.onNotify);
    this.session = session;
    this.since = performance.now();
    return true;
  }

  /** Since when it has led without a break, in milliseconds. */
  get ledForMs(): number {
    return performance.now() - this.since;
  }

  async resign(): Promise<void> {
    this.session = undefined;
    await this.leader.resign();
  }
}
