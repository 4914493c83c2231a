import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { readUsage } from "../watch/processes.js";
import { readMetrics } from "../watch/sampler.js";
import type { FuzzTarget } from "./target.js";

/** What was seen of the processes while requests came. */
export interface WatchRecord {
  /** The slowest answer of /livez, in milliseconds, and how many came late or not at all; each with when that was. */
  worstAnswerMs: number;
  lateAnswers: { at: number; ms: number; where: string }[];
  /** What health said that it should not. */
  unwell: string[];
  /** The largest share of the time that one of the processes waited for a processor. */
  starvedShare: number;
  /** Highest P99 of the worst event loop's delay, in milliseconds. */
  eventLoopP99Ms: number;
  /** Resident memory of each process, in MiB. */
  memory: Map<number, { role: string; before: number; peak: number; settled: number }>;
}

const probeMs = 100;
const lookMs = 500;
/** A probe that this process itself held up says nothing. */
const ownDelayNs = 200e6;

/** Looks at a Posta while it is fuzzed: whether its processes live, answer, and stay small. */
export class Watch {
  readonly record: WatchRecord = {
    worstAnswerMs: 0,
    lateAnswers: [],
    unwell: [],
    starvedShare: 0,
    eventLoopP99Ms: 0,
    memory: new Map(),
  };
  private readonly stopping = new AbortController();
  private readonly begun = performance.now();
  private readonly ownDelay = monitorEventLoopDelay({ resolution: 20 });
  private pids: number[] = [];
  private waitedBefore: number[] = [];
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly target: FuzzTarget,
    private readonly lateMs: number,
  ) {}

  /** Begins, with what the processes are now. */
  async start(): Promise<void> {
    this.pids = await this.target.pids();
    this.waitedBefore = this.waitedMs();
    this.readMemory("before");
    this.ownDelay.enable();
    const { http, admin } = this.target;
    const probes = [`${http}/livez`, `${admin}/livez`].map((url) => this.every(probeMs, () => this.probe(url)));
    this.running = Promise.all([...probes, this.every(lookMs, () => this.look())]);
  }

  /** Ends, with a last look at the memory. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.readMemory("settled");
    this.record.starvedShare = this.waitedSince(this.waitedBefore) / (performance.now() - this.begun);
    this.ownDelay.disable();
  }

  private async every(ms: number, run: () => Promise<void>): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await run();
      await sleep(ms, undefined, { signal }).catch(() => {}); // Told to stop.
    }
  }

  /** On a connection of its own, which any of the servers may get. How long those waited for a processor is not their fault. */
  private async probe(url: string): Promise<void> {
    const [from, waited] = [performance.now(), this.waitedMs()];
    this.ownDelay.reset();
    const signal = AbortSignal.timeout(this.lateMs * 10);
    const answer = await fetch(url, { headers: { connection: "close" }, signal }).catch(() => undefined);
    await answer?.text().catch(() => {}); // Cut off: its status tells enough.
    if (answer && this.ownDelay.max > ownDelayNs) return;
    const ms = Math.max(0, performance.now() - from - this.waitedSince(waited));
    this.record.worstAnswerMs = Math.max(this.record.worstAnswerMs, ms);
    if (answer?.status === 200 && ms <= this.lateMs) return;
    this.record.lateAnswers.push({ at: (from - this.begun) / 1000, ms, where: new URL(url).port });
  }

  /** How long each process has waited for a processor, in milliseconds. */
  private waitedMs(): number[] {
    return [this.target.primary, ...this.pids].map(readWaitMs);
  }

  private waitedSince(before: number[]): number {
    return Math.max(...this.waitedMs().map((ms, index) => ms - (before[index] ?? ms)));
  }

  private async look(): Promise<void> {
    await this.readPids();
    this.readMemory("peak");
    const text = await fetch(`${this.target.admin}/metrics`, { signal: AbortSignal.timeout(5000) })
      .then((answer) => answer.text())
      .catch(() => "");
    const { eventLoopDelayP99Ms = 0 } = readMetrics(text);
    this.record.eventLoopP99Ms = Math.max(this.record.eventLoopP99Ms, eventLoopDelayP99Ms);
  }

  private async readPids(): Promise<void> {
    const pids = await this.target.pids().catch(() => []);
    if (pids.length > 0 && pids.join() !== this.pids.join()) {
      this.complain(`the processes were ${this.pids.join(" ")}, and are ${pids.join(" ")}`);
      this.pids = pids;
    }
    const unserving = await this.target.health().catch((error: Error) => `health does not answer: ${error.message}`);
    if (unserving) this.complain(unserving);
  }

  private complain(text: string): void {
    const second = Math.round((performance.now() - this.begun) / 1000);
    if (this.record.unwell.length < 20) this.record.unwell.push(`after ${second} s: ${text}`);
  }

  private readMemory(when: "before" | "peak" | "settled"): void {
    for (const { pid, role, memoryMib } of this.usage()) {
      if (role === "redis" || role === "postgres") continue;
      const entry = this.record.memory.get(pid) ?? { role, before: memoryMib, peak: memoryMib, settled: memoryMib };
      entry[when] = when === "peak" ? Math.max(entry.peak, memoryMib) : memoryMib;
      this.record.memory.set(pid, entry);
    }
  }

  /** A process may end between two looks at it. */
  private usage() {
    try {
      return readUsage(this.target.primary);
    } catch {
      return [];
    }
  }
}

/** Of its main thread; 0 for one that is gone. */
function readWaitMs(pid: number): number {
  try {
    const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
    return Number(waitedNs) / 1e6;
  } catch {
    return 0;
  }
}
