import type { Registry } from "prom-client";
import type { Logger } from "../../src/telemetry/log/log.js";
import type { MetricsSnapshot } from "../supervise/messages.js";
import type { Supervisor } from "../supervise/supervisor.js";
import { checklist } from "./checklist.js";
import type { MergedMetrics } from "./merge-metrics.js";
import { ProcessReader, type ProcessStatus } from "./processes.js";
import { takeSample } from "./sample.js";
import { errorRuleOf, readTargets } from "./targets.js";
import { StatusWindow } from "./window.js";

const everyMs = 5000;
/** The window needs two samples to show anything, so the second sample comes soon, after this many milliseconds. */
const firstMs = 500;
/** After this time, in seconds, a process has loaded and cached what it needs. */
const settledSeconds = 300;

/**
 * Gathers the status' figures in the background, only from the metrics of the processes. So Posta answers status
 * requests from memory, even while a process or a store hangs.
 */
export class StatusCollector {
  readonly window = new StatusWindow();
  private readonly targets = readTargets();
  private readonly errorRule = errorRuleOf(this.targets);
  private readonly reader: ProcessReader;
  private merged: MetricsSnapshot = [];
  private readAt = 0;
  private shown: ProcessStatus[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    own: Registry,
    supervisors: Supervisor[],
    private readonly metrics: MergedMetrics,
    private readonly log: Logger,
  ) {
    this.reader = new ProcessReader(own, supervisors, metrics);
  }

  start(): void {
    void this.collect();
    this.timer = setTimeout(() => this.repeat(), firstMs);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** Time of the last reading, in milliseconds since 1970; 0: none yet. */
  get at(): number {
    return this.readAt;
  }

  get snapshot(): MetricsSnapshot {
    return this.merged;
  }

  /** The processes at the last reading. Only `silentMs` continues to grow after the reading. */
  processes(now: number): ProcessStatus[] {
    const older = now - this.readAt;
    return this.shown.map((shown) =>
      shown.silentMs === undefined ? shown : { ...shown, silentMs: shown.silentMs + older },
    );
  }

  checklist(now: number) {
    const { window, merged, targets, readAt } = this;
    return checklist({ window, merged, targets, now, ageMs: now - readAt });
  }

  private repeat(): void {
    void this.collect();
    this.timer = setTimeout(() => this.repeat(), everyMs);
  }

  private async collect(): Promise<void> {
    try {
      this.merged = await this.metrics.snapshot();
      const now = Date.now();
      this.shown = await this.reader.read(now);
      const settled = this.shown.every(({ uptimeSeconds = 0 }) => uptimeSeconds > settledSeconds);
      this.window.add(takeSample(this.merged, now, this.errorRule), settled);
      this.readAt = now;
    } catch (error) {
      this.log.error({ err: error }, "the metrics for the status page could not be read"); // The status shows how old its figures are.
    }
  }
}
