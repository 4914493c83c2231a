import { type Calls, noCalls, type Sample, type Work } from "./sample.js";

const windowMs = 60_000;
/** Heap growth compares the smallest heap of the last `growthMinutes` with that of the first, at most an hour ago. */
const growthMinutes = 5;
const maxMinutes = 60;

/** Samples of the last minute, and one heap figure per minute of the last hour. The size is independent of the load. */
export class StatusWindow {
  private samples: Sample[] = [];
  /** The smallest heap of each minute. It shows what remains after a collection, whenever the collection was. */
  private readonly heap: { minute: number; bytes: number }[] = [];

  /** `settled`: all processes have run so long that their heaps have stopped growing. Otherwise growth restarts. */
  add(sample: Sample, settled: boolean): void {
    this.samples.push(sample);
    // Keep one sample that is a whole window old: the window shows what happened since that sample.
    while (this.samples[1] && sample.at - this.samples[1].at >= windowMs) this.samples.shift();
    if (!settled) this.heap.length = 0;
    else this.addHeap(Math.floor(sample.at / 60_000), sample.heapBytes);
  }

  get last(): Sample | undefined {
    return this.samples.at(-1);
  }

  /** The time that the window covers, in seconds; 0 before the second sample. */
  get seconds(): number {
    const [first, last] = [this.samples[0], this.last];
    return first && last ? (last.at - first.at) / 1000 : 0;
  }

  /** The names of all methods that were ever called. */
  get methods(): string[] {
    return [...(this.last?.methods.keys() ?? [])];
  }

  /** The calls that ended in the window. `pick` selects the calls of a sample. */
  calls(pick: (sample: Sample) => (Calls | undefined)[]): Calls {
    const [first, last] = [this.samples[0], this.last];
    if (!first || !last) return noCalls();
    return subtract(addUp(pick(last)), addUp(pick(first)));
  }

  /** Analytics reads in the window, and how many of them the cache answered. */
  get cache(): Sample["cache"] {
    const [first, last] = [this.samples[0], this.last];
    if (!first || !last) return { reads: 0, hits: 0 };
    return { reads: last.cache.reads - first.cache.reads, hits: last.cache.hits - first.cache.hits };
  }

  /** What became of remote workers' jobs in the window. */
  get work(): Work {
    const [first, last] = [this.samples[0], this.last];
    if (!first || !last) return { leased: 0, finished: 0, lost: 0 };
    return {
      leased: last.work.leased - first.work.leased,
      finished: last.work.finished - first.work.finished,
      lost: last.work.lost - first.work.lost,
    };
  }

  /** The heap's growth in percent, and over how many minutes; undefined while there are too few minutes to compare. */
  heapGrowth(): { percent: number; minutes: number } | undefined {
    if (this.heap.length < 2 * growthMinutes) return undefined;
    const least = (part: { bytes: number }[]) => Math.min(...part.map(({ bytes }) => bytes));
    const [before, now] = [least(this.heap.slice(0, growthMinutes)), least(this.heap.slice(-growthMinutes))];
    return { percent: (now / before - 1) * 100, minutes: this.heap.length };
  }

  private addHeap(minute: number, bytes: number): void {
    const current = this.heap.at(-1);
    if (current?.minute === minute) current.bytes = Math.min(current.bytes, bytes);
    else this.heap.push({ minute, bytes });
    if (this.heap.length > maxMinutes) this.heap.shift();
  }
}

/**
 * A percentile in milliseconds, computed like Prometheus' histogram_quantile: calls count as evenly spread within a
 * bucket. A percentile beyond the last finite bound is that bound. undefined: there were no calls.
 */
export function percentileMs({ count, upTo }: Calls, percent: number): number | undefined {
  if (count <= 0) return undefined;
  const rank = (count * percent) / 100;
  let [low, below] = [0, 0];
  for (const [bound, reached] of [...upTo].sort(([a], [b]) => a - b)) {
    if (reached >= rank && Number.isFinite(bound)) {
      return (low + ((bound - low) * (rank - below)) / Math.max(reached - below, 1)) * 1000;
    }
    if (Number.isFinite(bound)) [low, below] = [bound, reached];
  }
  return low * 1000;
}

function addUp(all: (Calls | undefined)[]): Calls {
  const sum = noCalls();
  for (const calls of all) {
    if (!calls) continue;
    sum.count += calls.count;
    sum.failed += calls.failed;
    for (const [bound, reached] of calls.upTo) sum.upTo.set(bound, (sum.upTo.get(bound) ?? 0) + reached);
  }
  return sum;
}

function subtract(now: Calls, before: Calls): Calls {
  const upTo = new Map([...now.upTo].map(([bound, reached]) => [bound, reached - (before.upTo.get(bound) ?? 0)]));
  return { count: now.count - before.count, failed: now.failed - before.failed, upTo };
}
