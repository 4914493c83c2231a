import { setTimeout as sleep } from "node:timers/promises";
import { countBetween } from "./counts.js";
import { memoryOf, type Role, readUsage, type Usage } from "./processes.js";
import type { Sample } from "./samples.js";
import type { Target } from "./target.js";

const intervalMs = 1000;
/** The event loop's figure is of a process' last 15 to 30 seconds: at first it tells of little but its own start. */
const startSeconds = 5;
const ofCluster: readonly Role[] = ["primary", "server", "delivery"];
const ofRedis: readonly Role[] = ["redis"];

/** Watches the processes while loads run: from /proc where they are ours, and from the merged /metrics. */
export class Sampler {
  private samples: Sample[] = [];
  private readonly begun = performance.now();
  private readonly stopping = new AbortController();
  private before: { at: number; usage: Usage[] } | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly target: Target) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** The samples since it began, or since they were last taken. */
  take(): Sample[] {
    const { samples } = this;
    this.samples = [];
    return samples;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const second = (performance.now() - this.begun) / 1000;
      const { eventLoopDelayP99Ms, ...metrics } = await this.readMetrics();
      const sample: Sample = { second, ...this.readProcesses(), ...metrics };
      if (eventLoopDelayP99Ms !== undefined && second > startSeconds) Object.assign(sample, { eventLoopDelayP99Ms });
      this.samples.push(sample);
      await sleep(intervalMs, undefined, { signal: this.stopping.signal }).catch(() => {});
    }
  }

  private readProcesses(): Partial<Sample> {
    if (this.target.primary === undefined) return {};
    const now = { at: performance.now(), usage: readUsage(this.target.primary) };
    const { before } = this;
    this.before = now;
    const memory = {
      clusterMemoryMib: memoryOf(now.usage, ofCluster),
      redisMemoryMib: memoryOf(now.usage, ofRedis),
    };
    if (!before) return memory;
    const seconds = (now.at - before.at) / 1000;
    const cores = (roles: readonly Role[]) => countBetween(before.usage, now.usage, roles).cpuSeconds / seconds;
    return { ...memory, serverCores: cores(ofCluster), redisCores: cores(ofRedis) };
  }

  private async readMetrics(): Promise<Partial<Sample>> {
    if (this.target.admin === undefined) return {};
    try {
      const answer = await fetch(`${this.target.admin}/metrics`, { signal: AbortSignal.timeout(900) });
      return readMetrics(await answer.text());
    } catch {
      return {};
    }
  }
}

/** The figures of a text in Prometheus' format that a sample has. */
export function readMetrics(text: string): Partial<Sample> {
  const value = (name: string) => {
    const [, found] = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text) ?? [];
    return found === undefined ? undefined : Number(found);
  };
  const delay = value("nodejs_eventloop_lag_p99_seconds");
  const handles = readHandles(text);
  const heap = value("nodejs_heap_size_used_bytes");
  return {
    ...(delay === undefined ? {} : { eventLoopDelayP99Ms: delay * 1000 }),
    ...(handles === undefined ? {} : { handles }),
    ...(heap === undefined ? {} : { heapMib: heap / 2 ** 20 }),
  };
}

/** Over all kinds of handles. */
function readHandles(text: string): number | undefined {
  const counts = [...text.matchAll(/^nodejs_active_handles\{[^}]*\} (\S+)$/gm)].map(([, count]) => Number(count));
  return counts.length === 0 ? undefined : sum(counts);
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
