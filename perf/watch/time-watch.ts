import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { addCounts, type Counts, countBetween } from "./counts.js";
import { type Role, readGenerators, readUsage, type Usage } from "./processes.js";

/** What some processes did while a load ran. */
interface Spent {
  /** CPU, in microseconds for each call, and the part of it that was in the kernel. */
  cpuUs: number;
  systemUs: number;
  /** For each call. */
  wakeUps: number;
  readsAndWrites: number;
  /** How many of the processes waited for a processor, on average. */
  waiting: number;
}

/** Where the time of one load went. */
export interface TimeSpent {
  callsPerSecond: number;
  servers: Spent;
  stores: Spent;
  /** The primary and the delivery process. */
  others: Spent;
  generator: Spent;
  /** The share of the time in which somebody on this machine waited for a processor; undefined: the kernel does not say. */
  pressure?: number;
}

type Moment = { at: number; pressureUs: number | undefined; usage: Usage[] };

const pollMs = 200;

/** Watches where the time goes while a load runs: `cluster` is the primary's process id, `bystanders` make no load. */
export class TimeWatch {
  private readonly generators = new Map<number, Counts>();
  private readonly stopping = new AbortController();
  private readonly begun: Moment;
  private readonly polling: Promise<void>;

  constructor(
    private readonly cluster: number,
    private readonly bystanders: number[],
  ) {
    this.begun = this.readMoment();
    this.polling = this.poll();
  }

  /** Ends the watch. `calls`: how many calls were made meanwhile. */
  async end(calls: number): Promise<TimeSpent> {
    const end = this.readMoment();
    this.lookAtGenerators();
    this.stopping.abort();
    await this.polling;
    const seconds = (end.at - this.begun.at) / 1000;
    const ofRoles = (...roles: Role[]) => spent(countBetween(this.begun.usage, end.usage, roles));
    const spent = (counts: Counts) => perCall(counts, calls, seconds);
    return {
      callsPerSecond: calls / seconds,
      servers: ofRoles("server"),
      stores: ofRoles("redis", "postgres"),
      others: ofRoles("primary", "delivery"),
      generator: spent(addCounts([...this.generators.values()])),
      ...(end.pressureUs === undefined || this.begun.pressureUs === undefined
        ? {}
        : { pressure: (end.pressureUs - this.begun.pressureUs) / 1e6 / seconds }),
    };
  }

  private readMoment(): Moment {
    return { at: performance.now(), pressureUs: readPressure(), usage: readUsage(this.cluster) };
  }

  private lookAtGenerators(): void {
    for (const counts of readGenerators([this.cluster, ...this.bystanders])) this.generators.set(counts.pid, counts);
  }

  /** A generator is gone when the load has ended, so it is looked at while it runs. */
  private async poll(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.lookAtGenerators();
      await sleep(pollMs, undefined, { signal: this.stopping.signal }).catch(() => {});
    }
  }
}

function perCall(counts: Counts, calls: number, seconds: number): Spent {
  const each = (value: number) => value / Math.max(1, calls);
  return {
    cpuUs: each(counts.cpuSeconds * 1e6),
    systemUs: each(counts.systemSeconds * 1e6),
    wakeUps: each(counts.wakeUps),
    readsAndWrites: each(counts.readsAndWrites),
    waiting: counts.waitSeconds / seconds,
  };
}

function readPressure(): number | undefined {
  try {
    const [, total] = /^some .*total=(\d+)/m.exec(readFileSync("/proc/pressure/cpu", "utf8")) ?? [];
    return total === undefined ? undefined : Number(total);
  } catch {
    return undefined;
  }
}
