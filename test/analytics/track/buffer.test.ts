import { expect, it } from "vitest";
import { EventBuffer } from "../../../src/analytics/track/buffer.js";
import type { EventSpec } from "../../../src/analytics/track/event.js";
import type { EventBatcher } from "../../../src/analytics/track/event-batcher.js";
import { PostaError } from "../../../src/errors/posta-error.js";

const unknown = new PostaError("unavailable", "the outcome is unknown", { isUnknown: true });
const notSent = new PostaError("unavailable", "nothing was done");
const named = (id: string) => ({ name: "n", id }) as EventSpec;

/** A buffer and what its window is given, to be settled by hand. */
function open(idWindowMs = 600_000) {
  const pushed: Parameters<EventBatcher["push"]>[0][] = [];
  const window = { push: (entry: (typeof pushed)[number]) => pushed.push(entry) } as unknown as EventBatcher;
  /** Resolves when it was given so many entries. */
  const until = (count: number) => expect.poll(() => pushed.length).toBe(count);
  return { buffer: new EventBuffer(window, 10_000, idWindowMs), pushed, until };
}

it("writes again what was not sent, whatever became of others of the same flush", async () => {
  const { buffer, pushed, until } = open();
  for (let count = 0; count < 100; count += 1) buffer.add(named(""));
  pushed[0]?.settle(0, unknown);
  for (let place = 1; place < 100; place += 1) pushed[0]?.settle(place, notSent);
  expect(buffer.counts.lost).toBe(1);
  await until(2);
  expect(pushed[1]?.events).toHaveLength(99);
  for (let place = 0; place < 99; place += 1) pushed[1]?.settle(place, "stored");
  expect([buffer.counts.lost, buffer.size]).toEqual([1, 0]);
});

it("writes what may have been counted again while its id is remembered, and without an id never", async () => {
  const { buffer, pushed, until } = open(4000);
  for (const id of ["kept", ""]) buffer.add(named(id));
  await until(1);
  for (const place of [0, 1]) pushed[0]?.settle(place, unknown);
  expect(buffer.counts.lost).toBe(1);
  const begun = performance.now();
  for (let count = 2; buffer.size > 0; count += 1) {
    await until(count);
    expect(pushed[count - 1]?.events).toEqual([named("kept")]);
    pushed[count - 1]?.settle(0, notSent);
  }
  // For half of the time for which the store remembers it.
  expect(performance.now() - begun).toBeGreaterThan(2000);
  expect(pushed.length).toBeGreaterThan(2);
  expect(buffer.counts.lost).toBe(2);
});
