import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { EventBuffer } from "../../../src/analytics/track/buffer.js";
import type { EventSpec } from "../../../src/analytics/track/event.js";
import type { EventBatcher } from "../../../src/analytics/track/event-batcher.js";
import type { EventOutcome } from "../../../src/analytics/track/event-store.js";
import { PostaError } from "../../../src/errors/posta-error.js";

const unknown = new PostaError("unavailable", "the outcome is unknown", { isUnknown: true });
const notSent = new PostaError("unavailable", "nothing was done");
const named = (id: string) => ({ name: "n", id }) as EventSpec;

type Result = EventOutcome | PostaError;

/** A buffer and what its batcher is given, to be settled by hand. */
function open(idWindowMs = 600_000) {
  const pushed: { events: readonly EventSpec[]; settle(results: Result[]): void }[] = [];
  const push = (events: readonly EventSpec[]) =>
    new Promise<Result[]>((resolve) => void pushed.push({ events, settle: resolve }));
  const batcher = { push } as unknown as EventBatcher;
  /** Resolves when it was given so many calls. */
  const until = (count: number) => expect.poll(() => pushed.length).toBe(count);
  return { buffer: new EventBuffer(batcher, 10_000, idWindowMs), pushed, until };
}

it("writes again what was not sent, whatever became of others of the same flush", async () => {
  const { buffer, pushed, until } = open();
  for (let count = 0; count < 100; count += 1) buffer.add(named(""));
  pushed[0]?.settle([unknown, ...new Array(99).fill(notSent)]);
  await expect.poll(() => buffer.counts.lost).toBe(1);
  await until(2);
  expect(pushed[1]?.events).toHaveLength(99);
  pushed[1]?.settle(new Array(99).fill("stored"));
  await expect.poll(() => buffer.size).toBe(0);
  expect(buffer.counts.lost).toBe(1);
});

it("writes what may have been counted again while its id is remembered, and without an id never", async () => {
  const { buffer, pushed, until } = open(4000);
  for (const id of ["kept", ""]) buffer.add(named(id));
  await until(1);
  pushed[0]?.settle([unknown, unknown]);
  await expect.poll(() => buffer.counts.lost).toBe(1);
  const begun = performance.now();
  for (let count = 2; buffer.size > 0; count += 1) {
    await until(count);
    expect(pushed[count - 1]?.events).toEqual([named("kept")]);
    pushed[count - 1]?.settle([notSent]);
    await turn();
  }
  // For half of the time for which the store remembers it.
  expect(performance.now() - begun).toBeGreaterThan(2000);
  expect(pushed.length).toBeGreaterThan(2);
  expect(buffer.counts.lost).toBe(2);
});
