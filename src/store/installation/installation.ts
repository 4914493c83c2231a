import { EventEmitter } from "node:events";
import { ConfigError } from "../../config/config.js";
import type { Statement } from "../postgres/session.js";
import type { PostgresStore } from "../postgres/store.js";

const readRow: Statement = {
  name: "read-installation",
  text: 'SELECT id, extract(epoch FROM now() - queue_seen_at)::float8 AS "queueSeenSeconds" FROM installation',
};
/** Written by each delivery process, and needed by few: a row that was just written is left alone. */
const markQueueSeen: Statement = {
  name: "mark-queue-seen",
  text: "UPDATE installation SET queue_seen_at = now() WHERE queue_seen_at IS NULL OR queue_seen_at < now() - interval '4 s'",
};

interface Events {
  /** The id is known now. */
  known: [id: string];
  /** The database is not the one that this process began with. */
  unfit: [ConfigError];
}

/**
 * The installation that the database belongs to. Each Redis carries the id of its installation, too (redis-claim.ts). Two
 * hosts that share only a part of their stores would lose jobs: one would move the other's jobs into a Redis of its own.
 */
export class Installation extends EventEmitter<Events> {
  private known: string | undefined;

  constructor(private readonly postgres: PostgresStore) {
    super();
  }

  /** Undefined until the database was read. */
  get id(): string | undefined {
    return this.known;
  }

  /** Reads the id. Call this when the schema is ready, and when a database that was away is back. */
  async read(): Promise<void> {
    const { id } = await this.readRow();
    if (id === this.known) return;
    if (this.known !== undefined) {
      const problem = `the database belongs to installation ${id}, and this process began with one of ${this.known}`;
      this.emit("unfit", new ConfigError(`POSTA_DATABASE_URL: ${problem}; give back the old one, or restart Posta`));
      return;
    }
    this.known = id;
    this.emit("known", id);
  }

  /** How long ago a delivery process saw the id in the queues' Redis, in seconds. Undefined: none ever did. */
  async readQueueSeen(): Promise<number | undefined> {
    return (await this.readRow()).queueSeenSeconds ?? undefined;
  }

  /** Notes that the queues' Redis has the id now. */
  async markQueueSeen(): Promise<void> {
    await this.postgres.query(markQueueSeen);
  }

  private async readRow(): Promise<{ id: string; queueSeenSeconds: number | null }> {
    const [row] = await this.postgres.query<{ id: string; queueSeenSeconds: number | null }>(readRow);
    if (!row) throw new Error("the table installation has no row");
    return row;
  }
}
