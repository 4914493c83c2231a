import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";
import { DelayHistogram } from "../telemetry/metrics/delay-histogram.js";
import { limitOf } from "../telemetry/metrics/memory-limit.js";
import { type Check, type CheckStatus, isWorse, type Reading } from "./check.js";
import type { Share } from "./shared-memory.js";

/** Shares of a limit. */
const memoryBounds = { degraded: 0.85, down: 0.97 };
const sharedBounds = { degraded: 0.95, down: 0.98 };
/** Delays of the event loop, in milliseconds. The worst delay of a window counts. */
const delayBounds = { degraded: 500, down: 3000 };
const windowMs = 5000;
/** How often memory is read, in milliseconds: each reading asks the system a dozen questions. */
const memoryEveryMs = 1000;

/** The memory that a process uses, and its limits, in bytes. */
export interface MemoryUse {
  rss: number;
  rssLimit: number;
  heap: number;
  heapLimit: number;
}

/**
 * Compares this process's memory with its limits: the machine's or the container's memory, and the heap's limit. Also
 * checks how much memory all processes leave free.
 */
export class MemoryCheck implements Check {
  readonly name = "memory";
  private last: Reading | undefined;
  private readAt = 0;

  constructor(
    private readonly shared: { readonly latest: Share | undefined },
    private readonly use: () => MemoryUse = readMemory,
  ) {}

  read(): Reading {
    const now = performance.now();
    if (this.last && now - this.readAt < memoryEveryMs) return this.last;
    this.readAt = now;
    this.last = this.judgeNow();
    return this.last;
  }

  private judgeNow(): Reading {
    const { rss, rssLimit, heap, heapLimit } = this.use();
    const { left, limit } = this.shared.latest ?? { left: rssLimit, limit: rssLimit };
    const own = judge(Math.max(rss / rssLimit, heap / heapLimit), memoryBounds);
    const all = judge(1 - left / limit, sharedBounds);
    const status = isWorse(all, own) ? all : own;
    const detail = `The process has ${toMb(rss)} of ${toMb(rssLimit)} MB, its heap ${toMb(heap)} of ${toMb(heapLimit)} MB; ${toMb(left)} of ${toMb(limit)} MB are left for all.`;
    return { status, detail };
  }
}

/** The worst delay of this process's event loop in the last 5 to 10 s. */
export class EventLoopCheck implements Check {
  readonly name = "event-loop";
  private readonly delay = new DelayHistogram();
  private before = 0;
  private begun = performance.now();

  start(): void {
    this.begun = performance.now();
    this.delay.enable();
  }

  stop(): void {
    this.delay.disable();
  }

  read(): Reading {
    const current = this.delay.maxMs;
    const latencyMs = Math.round(Math.max(this.before, current) * 10) / 10;
    if (performance.now() - this.begun > windowMs) {
      this.before = current;
      this.begun = performance.now();
      this.delay.reset();
    }
    return {
      status: judge(latencyMs, delayBounds),
      latencyMs,
      detail: `The event loop was late by ${latencyMs} ms at worst, in the last seconds.`,
    };
  }
}

function readMemory(): MemoryUse {
  const { used_heap_size: heap, heap_size_limit: heapLimit } = getHeapStatistics();
  return { rss: process.memoryUsage.rss(), rssLimit: limitOf(totalmem()), heap, heapLimit };
}

function judge(value: number, { degraded, down }: { degraded: number; down: number }): CheckStatus {
  if (value > down) return "DOWN";
  return value > degraded ? "DEGRADED" : "OK";
}

function toMb(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
