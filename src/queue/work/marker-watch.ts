import { setTimeout as sleep } from "node:timers/promises";
import type { RedisClient } from "../../store/redis/address.js";
import type { Logger } from "../../telemetry/log/log.js";

/**
 * How often each queue is asked again, in milliseconds, however often others of the queues have jobs: a pause or a limit
 * may have ended, and another worker may have taken a marker and died.
 */
const roundMs = 10_000;
const errorPauseMs = 1000;
/** A wait that has not ended so long after its time, in milliseconds, waits on a connection that is dead. */
const overdueMs = 5000;
/** A timer cannot wait for longer than some 24 days. One that rings early does no harm. */
const maxAlarmMs = 3_600_000;

/** A worker that waits for a job. */
interface Sleeper {
  wake(): void;
}

type Marker = [key: string, member: string, score: string];

/** When a queue's sleeper is to be woken, in milliseconds since 1970. */
interface Alarm {
  at: number;
  timer: NodeJS.Timeout;
}

/** What a watch uses. The watch closes the blocking connection. */
export interface WatchParts {
  /** Waits for markers, and does nothing else. */
  blocking: RedisClient;
  /** Interrupts the wait when another queue is to be watched. */
  shared: RedisClient;
  /** The key of a queue's marker. */
  markerOf(queue: string): string;
  /** A key of this process alone: writing it interrupts the wait. */
  interruptKey: string;
  /** The time by Redis' clock, in milliseconds since 1970. */
  now(): number;
  /** Whether each queue has jobs, ready or delayed. */
  haveJobs(queues: readonly string[]): Promise<boolean[]>;
  /** Puts the marker of a queue back, if the queue has jobs. */
  giveBack(queue: string): Promise<unknown>;
  log: Logger;
}

/**
 * Wakes workers when their queue may have a job. BullMQ leaves a marker in a sorted set of each queue: "0" when a job
 * is ready, "1" with the time at which the next delayed job is due. One connection waits for the markers of all queues
 * that have sleepers, and takes a marker for each sleeper that it wakes. A queue without sleepers is not watched: its
 * markers are for BullMQ's own workers.
 */
export class MarkerWatch {
  private readonly sleepers = new Map<string, Set<Sleeper>>();
  private readonly alarms = new Map<string, Alarm>();
  private isRunning = false;
  /** When all queues are asked again, on performance.now()'s clock. */
  private roundAt = 0;
  isClosed = false;

  constructor(private readonly parts: WatchParts) {}

  /**
   * Resolves to true when the queue may have a job; to false after `ms`, when `signal` is aborted, or when the watch
   * closes.
   */
  async sleep(queue: string, ms: number, signal?: AbortSignal): Promise<boolean> {
    if (this.isClosed || ms <= 0 || signal?.aborted) return false;
    return new Promise((resolve) => {
      const end = (isWoken: boolean) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", giveUp);
        this.remove(queue, sleeper);
        resolve(isWoken);
      };
      const giveUp = () => end(false);
      const timer = setTimeout(giveUp, ms);
      const sleeper = { wake: () => end(!this.isClosed) };
      signal?.addEventListener("abort", giveUp);
      this.add(queue, sleeper);
    });
  }

  /** Wakes a sleeper of the queue. Answers false if none sleeps. */
  wake(queue: string): boolean {
    const [first] = this.sleepers.get(queue) ?? [];
    first?.wake();
    return first !== undefined;
  }

  /** Wakes a sleeper of the queue after so many milliseconds, or earlier if that was asked for before. */
  wakeAfter(queue: string, ms: number): void {
    const at = Date.now() + ms;
    const earlier = this.alarms.get(queue);
    if (this.isClosed || (earlier && earlier.at <= at)) return;
    clearTimeout(earlier?.timer);
    const ring = () => {
      this.alarms.delete(queue);
      this.passOn(queue);
    };
    this.alarms.set(queue, { at, timer: setTimeout(ring, Math.min(ms, maxAlarmMs)) });
  }

  /** Wakes all sleepers, and ends. A wait that is under way is given up: without a connection it might never end. */
  close(): void {
    this.isClosed = true;
    for (const { timer } of this.alarms.values()) clearTimeout(timer);
    for (const sleepers of [...this.sleepers.values()]) for (const sleeper of [...sleepers]) sleeper.wake();
    this.parts.blocking.disconnect();
  }

  private add(queue: string, sleeper: Sleeper): void {
    const sleepers = this.sleepers.get(queue);
    if (sleepers) {
      sleepers.add(sleeper);
      return;
    }
    this.sleepers.set(queue, new Set([sleeper]));
    if (this.isRunning) this.interrupt();
    else void this.run();
  }

  private remove(queue: string, sleeper: Sleeper): void {
    const sleepers = this.sleepers.get(queue);
    sleepers?.delete(sleeper);
    if (sleepers?.size === 0) this.sleepers.delete(queue);
  }

  /** Lets the wait begin anew, with the queues of now. */
  private interrupt(): void {
    const { shared, interruptKey } = this.parts;
    shared.zadd(interruptKey, 0, "").catch(() => {}); // The wait ends by itself with the round.
    shared.expire(interruptKey, 60).catch(() => {});
  }

  /** Runs while there are sleepers. */
  private async run(): Promise<void> {
    this.isRunning = true;
    this.roundAt = performance.now() + roundMs;
    while (this.sleepers.size > 0 && !this.isClosed) {
      await this.look().catch(async (error) => {
        if (this.isClosed) return;
        this.parts.log.debug({ err: error }, "the queues' markers cannot be watched");
        await sleep(errorPauseMs);
      });
    }
    this.isRunning = false;
  }

  private async look(): Promise<void> {
    const queues = this.inTurn();
    const keys = queues.map(this.parts.markerOf);
    const leftMs = Math.ceil(this.roundAt - performance.now());
    if (leftMs <= 0) {
      await this.askAll(queues);
      return;
    }
    const found = await this.waitFor([this.parts.interruptKey, ...keys], leftMs);
    if (!found) return;
    const [key, member, score] = found;
    const queue = queues[keys.indexOf(key)];
    if (queue === undefined) return;
    const waitMs = member === "1" ? Number(score) - this.parts.now() : 0;
    if (waitMs > 1) this.wakeAfter(queue, waitMs);
    else this.passOn(queue);
  }

  /** Wakes a sleeper of each queue that has jobs, in case that its marker is lost. */
  private async askAll(queues: readonly string[]): Promise<void> {
    this.roundAt = performance.now() + roundMs;
    for (const [index, has] of (await this.parts.haveJobs(queues)).entries()) {
      if (has) this.wake(queues[index] as string);
    }
  }

  /** Takes the first marker of these keys, and waits for it. A network may lose a connection without an end of it. */
  private async waitFor(keys: string[], ms: number): Promise<Marker | null> {
    const { blocking } = this.parts;
    const overdue = setInterval(() => blocking.disconnect(true), ms + overdueMs);
    try {
      return (await blocking.bzpopmin(keys, ms / 1000)) as unknown as Marker | null;
    } finally {
      clearInterval(overdue);
    }
  }

  /** A marker that wakes nobody here is for the workers of others. */
  passOn(queue: string): void {
    if (!this.wake(queue)) this.parts.giveBack(queue).catch(() => {}); // Others ask again by themselves in some seconds.
  }

  /** The watched queues. Redis looks at them in their order, so the one that was first is last in the next look. */
  private inTurn(): string[] {
    const [first] = this.sleepers;
    if (first) {
      this.sleepers.delete(first[0]);
      this.sleepers.set(...first);
    }
    return [...this.sleepers.keys()];
  }
}
