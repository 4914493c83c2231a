import { type Calls, noCalls, type Sample } from "./sample.js";

const windowMs = 60_000;
/** Growth compares the least heap of so many minutes with that of the first as many, an hour ago at most. */
const growthMinutes = 5;
const maxMinutes = 60;

/** The last minute in samples, and the last hour in one figure a minute. Its size does not depend on the load. */
export class StatusWindow {
  private samples: Sample[] = [];
  /** The least heap of each minute: what is left after a collection, and not how long ago one was. */
  private readonly heap: { minute: number; bytes: number }[] = [];

  /** `settled`: all processes are the same as in the sample before, and past their start, in which heaps grow. */
  add(sample: Sample, settled: boolean): void {
    this.samples.push(sample);
    // The oldest one stays that is a whole window old: what happened since is what the window shows.
    while (this.samples[1] && sample.at - this.samples[1].at >= windowMs) this.samples.shift();
    if (!settled) this.heap.length = 0;
    else this.addHeap(Math.floor(sample.at / 60_000), sample.heapBytes);
  }

  get last(): Sample | undefined {
    return this.samples.at(-1);
  }

  /** How much of a minute it shows, in seconds; 0 before the second sample. */
  get seconds(): number {
    const [first, last] = [this.samples[0], this.last];
    return first && last ? (last.at - first.at) / 1000 : 0;
  }

  /** The names of the methods that were called at all. */
  get methods(): string[] {
    return [...(this.last?.methods.keys() ?? [])];
  }

  /** The calls that ended in the window; `pick` says which of a sample. */
  calls(pick: (sample: Sample) => (Calls | undefined)[]): Calls {
    const [first, last] = [this.samples[0], this.last];
    if (!first || !last) return noCalls();
    return subtract(addUp(pick(last)), addUp(pick(first)));
  }

  /** Reads of analytics in the window, and those that the cache answered. */
  get cache(): Sample["cache"] {
    const [first, last] = [this.samples[0], this.last];
    if (!first || !last) return { reads: 0, hits: 0 };
    return { reads: last.cache.reads - first.cache.reads, hits: last.cache.hits - first.cache.hits };
  }

  /** How much the heap grew, in percent, and in how many minutes; undefined as long as that says nothing. */
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
 * A percentile in milliseconds, as Prometheus' histogram_quantile: evenly spread within its bucket. Beyond the last bound
 * it is that bound. undefined without calls.
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
