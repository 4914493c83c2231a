import { Gauge, type Registry } from "prom-client";
import type { Queries, Statement } from "../../store/postgres/session.js";

/** Counts by the indexes, up to a limit. More jobs than that can wait only if the spool's maximum was lowered. */
const count: Statement = {
  name: "spool-count",
  text: `SELECT
      (SELECT count(*) FROM (SELECT FROM spool WHERE moved_at IS NULL ORDER BY seq LIMIT $1::bigint + 100001) AS w) AS waiting,
      (SELECT count(*) FROM (SELECT FROM spool WHERE moved_at IS NOT NULL ORDER BY seq LIMIT 100001) AS m) AS moved,
      coalesce((SELECT extract(epoch FROM clock_timestamp() - spooled_at)::float8 FROM spool
        WHERE moved_at IS NULL ORDER BY seq LIMIT 1), 0) AS age`,
};

/** How full the spool is, as the process that leads the drain sees it. */
export class SpoolMetrics {
  private readonly jobs: Gauge;
  private readonly oldest: Gauge;
  private readonly readTime: Gauge;

  constructor(
    registry: Registry,
    private readonly maxJobs: number,
  ) {
    const registers = [registry];
    this.jobs = new Gauge({
      name: "posta_spool_jobs",
      help: "Jobs in the spool: waiting for Redis, or moved and kept until Redis cannot lose them any more.",
      labelNames: ["state"],
      aggregator: "max",
      registers,
    });
    this.oldest = new Gauge({
      name: "posta_spool_oldest_waiting_age_seconds",
      help: "How long the first job of the spool has waited for Redis; 0 if there is none.",
      aggregator: "max",
      registers,
    });
    this.readTime = new Gauge({
      name: "posta_spool_metrics_timestamp_seconds",
      help: "When the spool was last counted, in seconds since 1970; 0: it was not.",
      aggregator: "max",
      registers,
    });
    new Gauge({
      name: "posta_spool_max_jobs",
      help: "How many jobs may wait in the spool.",
      aggregator: "max",
      registers,
    }).set(maxJobs);
  }

  async read(queries: Queries): Promise<void> {
    const [row] = await queries.query<{ waiting: number; moved: number; age: number }>(count, [this.maxJobs]);
    this.set(row?.waiting ?? 0, row?.moved ?? 0, row?.age ?? 0);
    this.readTime.setToCurrentTime();
  }

  /** Sets all to 0, because another process leads. */
  clear(): void {
    this.set(0, 0, 0);
  }

  private set(waiting: number, moved: number, age: number): void {
    this.jobs.set({ state: "waiting" }, waiting);
    this.jobs.set({ state: "moved" }, moved);
    this.oldest.set(age);
  }
}
