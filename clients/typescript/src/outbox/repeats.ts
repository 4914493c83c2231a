import type { Entry } from "./entry.js";

/** Entries whose times are within so many milliseconds share a timer. */
const slotMs = 100;

/** Entries that failed for a while. Each is handed back when its wait is over. */
export class Repeats {
  private readonly slots = new Map<number, { entries: Entry[]; timer: NodeJS.Timeout }>();
  /** The part of its wait that each entry waits longer, so that workers that failed together do not come back together. */
  private readonly spread = Math.random() / 2;

  constructor(private readonly repeat: (entries: Entry[]) => void) {}

  /** Hands the entry back after `ms` milliseconds at the earliest, and after one and a half times as long at the latest. */
  add(entry: Entry, ms: number): void {
    const now = performance.now();
    const at = Math.ceil((now + ms * (1 + this.spread)) / slotMs) * slotMs;
    const slot = this.slots.get(at);
    if (slot) slot.entries.push(entry);
    else this.slots.set(at, { entries: [entry], timer: setTimeout(() => this.end(at), at - now) });
  }

  /** What waits. */
  all(): Entry[] {
    return [...this.slots.values()].flatMap(({ entries }) => entries);
  }

  /** Hands nothing back any more. */
  clear(): void {
    for (const { timer } of this.slots.values()) clearTimeout(timer);
    this.slots.clear();
  }

  private end(at: number): void {
    const entries = this.slots.get(at)?.entries ?? [];
    this.slots.delete(at);
    this.repeat(entries);
  }
}
