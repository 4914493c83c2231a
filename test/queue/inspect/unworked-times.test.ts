import { describe, expect, it } from "vitest";
import type { QueueFigures } from "../../../src/queue/inspect/read-queue.js";
import { UnworkedTimes } from "../../../src/queue/inspect/unworked-times.js";

const states = {
  waiting: 3,
  active: 0,
  delayed: 0,
  prioritized: 0,
  "waiting-children": 0,
  completed: 0,
  failed: 0,
} as QueueFigures["counts"];

/** A queue with three jobs that could run, and no worker. */
const idle = {
  name: "emails",
  counts: states,
  paused: false,
  limits: {},
  completedPerSecond: 0,
  failedPerSecond: 0,
  oldestDueAgeMs: 0,
  dueSinceMs: 1000,
  rateLimitedMs: 0,
  addedTotal: 3,
} satisfies QueueFigures;

const counts = (changed: Partial<QueueFigures["counts"]>) => ({ counts: { ...states, ...changed } });

/** The time of the queue after reads that are 10 s apart, the last of them with `last`. */
function timeAfter(last: Partial<QueueFigures>, reads = 30): number | undefined {
  const times = new UnworkedTimes();
  for (let read = 0; read < reads; read += 1) times.update([idle], read * 10_000);
  return times.update([{ ...idle, ...last }], reads * 10_000).get("emails");
}

describe("the time that nobody works on a queue", () => {
  it("grows while due jobs wait and nothing changes, also while more are added", () => {
    expect(timeAfter({})).toBe(300_000);
    expect(timeAfter(counts({ waiting: 9, delayed: 2 }))).toBe(300_000);
    // One that has waited elsewhere, as a retried job has.
    expect(timeAfter({ dueSinceMs: 500 })).toBe(300_000);
  });

  it.each<[why: string, last: Partial<QueueFigures>]>([
    ["no job can run", { dueSinceMs: undefined }],
    ["the queue is paused", { paused: true }],
    ["the queue is at its rate limit", { rateLimitedMs: 5 }],
    ["a job is active", counts({ active: 1 })],
    ["a job was completed", { completedPerSecond: 0.02 }],
    ["a job has failed", { failedPerSecond: 0.02 }],
    ["a job was taken, and is gone", counts({ waiting: 2 })],
    ["the oldest job was taken, and as many were added", { dueSinceMs: 2000 }],
  ])("is none where %s", (_why, last) => {
    expect(timeAfter(last)).toBe(0);
  });

  it("begins when the queue is first read, and again after somebody has worked", () => {
    const times = new UnworkedTimes();
    const update = (now: number, changed: Partial<QueueFigures> = {}) =>
      times.update([{ ...idle, ...changed }], now).get("emails");
    expect(update(50_000)).toBe(0);
    expect(update(60_000)).toBe(10_000);
    expect(update(70_000, counts({ active: 1 }))).toBe(0);
    expect(update(80_000)).toBe(10_000);
    times.update([], 90_000);
    expect(update(100_000)).toBe(0);
  });
});
