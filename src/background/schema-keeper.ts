import { EventEmitter } from "node:events";
import { PostaError } from "../errors/posta-error.js";
import { MigrationError, migrate, readSchema, type SchemaPlace } from "../store/postgres/apply-migrations.js";
import { type Migration, readMigrations } from "../store/postgres/read-migrations.js";
import type { PostgresStore } from "../store/postgres/store.js";
import type { Logger } from "../telemetry/log/log.js";
import { Loop } from "./loop.js";

/** A ready schema is checked again every hour, and each time PostgreSQL comes back. */
export const schemaTimes = { name: "the database's schema", everyMs: 3_600_000, retryMs: 1000 };
/** How soon a failed migration is tried again: somebody may have fixed the cause. */
const retryFailedMs = 10_000;

/**
 * - unknown: PostgreSQL was not asked yet.
 * - applying: this process migrates the database, or waits for another process that does.
 * - waiting: another Posta has to migrate the database.
 * - failed: a migration cannot work, or a newer Posta removed something that this Posta uses.
 * - ready: the schema is the one that this process needs, or a newer one that this process can use.
 */
export interface SchemaState {
  is: "unknown" | "applying" | "waiting" | "failed" | "ready";
  /** A sentence for people, without its full stop; empty if there is nothing to say. */
  detail: string;
}

interface Events {
  change: [SchemaState];
}

export interface SchemaOptions {
  /** Whether this Posta migrates its database; false: another Posta does. */
  migrates: boolean;
  migrations?: readonly Migration[];
  /** Called each time the schema is found fit, before it counts as ready. If it fails, the schema is looked at again soon. */
  onFit?: () => Promise<void>;
}

/**
 * Keeps the database's schema at what this process needs. Servers and delivery processes both migrate. Either may be
 * the first to have new code in a rolling restart, even under an older primary. The needed migrations are read at the
 * start: later, the folder may hold the migrations of a newer Posta.
 */
export class SchemaKeeper extends EventEmitter<Events> {
  private readonly migrations: readonly Migration[];
  private readonly migrates: boolean;
  private readonly onFit: () => Promise<void>;
  private readonly loop: Loop;
  private found: SchemaState = { is: "unknown", detail: "" };
  private failedAt = Number.NEGATIVE_INFINITY;
  /** No Posta has migrated the database yet. */
  private isEmpty = false;
  private stopped = false;

  constructor(
    private readonly store: PostgresStore,
    { migrates, migrations = readMigrations(), onFit = async () => {} }: SchemaOptions,
    private readonly log: Logger,
  ) {
    super();
    this.migrates = migrates;
    this.onFit = onFit;
    this.migrations = migrations;
    store.schemaProblem = "PostgreSQL's schema was not looked at yet";
    this.loop = new Loop(schemaTimes, log, (stopping) => this.keep(stopping));
    // A database that was away may come back with an older schema: from a backup, or as another server.
    store.on("usable", (usable) => usable && this.loop.wake());
  }

  get state(): SchemaState {
    return this.found;
  }

  start(): void {
    this.loop.start();
  }

  /** Undoes a migration that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.emit("change", this.found);
    await this.loop.stop();
  }

  /** Throws unavailable unless the schema is ready. */
  requireReady(): void {
    if (this.found.is !== "ready") throw new PostaError("unavailable", this.found.detail);
  }

  /**
   * Whether PostgreSQL is reachable and its schema is on the way to what this process needs. False if another Posta has
   * to make the first schema: there may be no such Posta, and callers may use only queues.
   */
  get isAwaited(): boolean {
    const { is } = this.found;
    return !this.store.isLost && (is === "applying" || (is === "waiting" && !this.isEmpty));
  }

  /**
   * Resolves when the schema is ready, when PostgreSQL is known to be out of reach, or after `limitMs`. Resolves to
   * false if this object was stopped.
   */
  untilUsable(limitMs?: number): Promise<boolean> {
    return this.until(() => this.found.is === "ready" || this.store.isLost, limitMs);
  }

  /** Resolves when the schema is not awaited any more. Resolves to false if this object was stopped. */
  untilNotAwaited(): Promise<boolean> {
    return this.until(() => !this.isAwaited);
  }

  private async until(holds: () => boolean, limitMs?: number): Promise<boolean> {
    let check = () => {};
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      check = () => (this.stopped || holds()) && resolve();
      if (limitMs !== undefined) timer = setTimeout(resolve, limitMs);
      this.on("change", check);
      this.store.on("usable", check);
      check();
    });
    clearTimeout(timer);
    this.off("change", check);
    this.store.off("usable", check);
    return !this.stopped;
  }

  private async keep(stopping: AbortSignal): Promise<void> {
    const place = await readSchema(this.store);
    const { length: known } = this.migrations;
    if (place.safeFrom > known) this.refuse(describeContract(place, known));
    if (place.at < known) await this.bring(place, stopping);
    if (place.at > known && this.found.is !== "ready") {
      this.log.warn(
        `PostgreSQL is at migration ${place.at}, from a newer Posta. This Posta knows ${known} and continues`,
      );
    }
    await this.onFit();
    this.set({ is: "ready", detail: "" });
  }

  private async bring({ at }: SchemaPlace, stopping: AbortSignal): Promise<void> {
    this.isEmpty = at === 0;
    const behind = `PostgreSQL's schema is at migration ${at}, and this Posta needs ${this.migrations.length}`;
    if (!this.migrates) {
      const detail = `${behind}: POSTA_DELIVERIES is 0, so another Posta has to migrate it`;
      this.set({ is: "waiting", detail });
      this.requireReady();
    }
    if (performance.now() < this.failedAt + retryFailedMs) this.requireReady();
    this.set({ is: "applying", detail: `${behind}: the migration runs` });
    try {
      await migrate(this.store, this.log, this.migrations, stopping);
    } catch (error) {
      if (error instanceof MigrationError) {
        // Health checks show the state without a token, so PostgreSQL's reason goes only to the log.
        this.refuse(`${error.message}; the log says why`, `${error.message}: ${error.reason}`);
      }
      this.log.warn(`the migration is tried again: ${(error as Error).message}`);
      throw error;
    }
  }

  /** `logged` is the text for the log, if it differs from `detail`. */
  private refuse(detail: string, logged = detail): never {
    this.failedAt = performance.now();
    this.set({ is: "failed", detail }, logged);
    throw new PostaError("unavailable", detail);
  }

  private set(state: SchemaState, logged = state.detail): void {
    const { is, detail } = this.found;
    if (state.is === is && state.detail === detail) return;
    this.found = state;
    this.store.schemaProblem = state.detail || undefined;
    if (state.is === "failed") this.log.error(logged);
    else if (logged) this.log.warn(logged);
    this.emit("change", state);
  }
}

function describeContract({ at, safeFrom }: SchemaPlace, known: number): string {
  return `POSTA_DATABASE_URL: the database is at migration ${at}, which took away what this Posta uses: run one that knows migration ${safeFrom} or later (this one knows ${known})`;
}
