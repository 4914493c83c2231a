import type { Registry } from "prom-client";
import type { MetricsSnapshot } from "../supervise/messages.js";
import type { Supervisor } from "../supervise/supervisor.js";
import type { Heard, MergedMetrics } from "./merge-metrics.js";
import { sumOf } from "./sample.js";

/** A process as the status shows it. Figures that the process has not reported yet are absent. */
export interface ProcessStatus {
  role: "primary" | "server" | "delivery";
  pid: number | undefined;
  serving: boolean;
  memoryMib?: number;
  /** Percent of one core, since the previous reading. */
  cpuPercent?: number;
  eventLoopDelayMs?: number;
  uptimeSeconds?: number;
  /** Time since the process last reported its metrics, in milliseconds. */
  silentMs?: number;
}

/** Reads what each process reports about itself. Remembers the processes' CPU time, to show their current use. */
export class ProcessReader {
  private cpu = new Map<number, { seconds: number; at: number }>();

  constructor(
    private readonly own: Registry,
    private readonly supervisors: Supervisor[],
    private readonly metrics: MergedMetrics,
  ) {}

  async read(now: number): Promise<ProcessStatus[]> {
    const snapshot = (await this.own.getMetricsAsJSON()) as unknown as MetricsSnapshot;
    const before = this.cpu;
    this.cpu = new Map(); // Only for running processes: dead ones are forgotten.
    const primary = this.describe("primary", process.pid, true, { snapshot, at: now }, before);
    const children = this.supervisors.flatMap((supervisor) =>
      [...supervisor.children].map((child) => {
        const { pid } = child.worker.process;
        const serving = supervisor.serves(child);
        return this.describe(supervisor.role.name, pid, serving, this.metrics.heardOf(child), before);
      }),
    );
    return [primary, ...children];
  }

  private describe(
    role: ProcessStatus["role"],
    pid: number | undefined,
    serving: boolean,
    heard: Heard | undefined,
    before: ReadonlyMap<number, { seconds: number; at: number }>,
  ): ProcessStatus {
    if (!heard || pid === undefined) return { role, pid, serving };
    const { snapshot, at } = heard;
    const seconds = sumOf(snapshot, "process_cpu_seconds_total");
    const last = before.get(pid);
    this.cpu.set(pid, { seconds, at });
    return {
      role,
      pid,
      serving,
      memoryMib: sumOf(snapshot, "posta_memory_bytes") / (1 << 20),
      ...(last && at > last.at ? { cpuPercent: ((seconds - last.seconds) * 100_000) / (at - last.at) } : {}),
      eventLoopDelayMs: sumOf(snapshot, "nodejs_eventloop_lag_p99_seconds") * 1000,
      uptimeSeconds: at / 1000 - sumOf(snapshot, "process_start_time_seconds"),
      silentMs: Date.now() - at,
    };
  }
}
