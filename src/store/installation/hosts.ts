import { EventEmitter } from "node:events";
import type { Statement } from "../postgres/session.js";
import type { PostgresStore } from "../postgres/store.js";

/** How often a host reports, in milliseconds. */
export const reportMs = 5000;

/** Settings by their variables. */
export type HostSettings = Readonly<Record<string, string | number | readonly string[]>>;

/** A host of the installation. */
export interface Host {
  /** Its name and its gRPC port. */
  name: string;
  settings: HostSettings;
}

/**
 * All processes of a host report for it, and one report is enough: a row that was just written is left alone. A host that
 * has not reported for 30 s is gone. Its row stays for a day, for people who look for it.
 */
const report: Statement = {
  name: "report-host",
  text: `WITH own AS (
    INSERT INTO hosts (name, settings) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET settings = excluded.settings, seen_at = now()
    WHERE hosts.settings <> excluded.settings OR hosts.seen_at < now() - interval '4 s'
  ), gone AS (
    DELETE FROM hosts WHERE seen_at < now() - interval '1 day' AND name <> $1
  )
  SELECT name, settings FROM hosts WHERE name <> $1 AND seen_at > now() - interval '30 s' ORDER BY name LIMIT 1000`,
};

interface Events {
  /** The hosts were read. */
  read: [];
}

/** The hosts that use the database now. This host is always one of them. */
export class Hosts extends EventEmitter<Events> {
  private others: readonly Host[] = [];

  constructor(
    private readonly postgres: PostgresStore,
    private readonly own: Host,
  ) {
    super();
  }

  get all(): readonly Host[] {
    return [this.own, ...this.others];
  }

  /** Tells the other hosts of this one, and reads what they told. */
  async report(): Promise<void> {
    const { name, settings } = this.own;
    this.others = await this.postgres.query<Host>(report, [name, JSON.stringify(settings)]);
    this.emit("read");
  }
}
