import { describe, expect, it } from "vitest";
import type { EventSpec } from "../../../src/analytics/track/event.js";
import { EventBatcher } from "../../../src/analytics/track/event-batcher.js";
import type { Written } from "../../../src/analytics/track/event-store.js";
import { patientWaiter, type Waiter } from "../../../src/batching/waiter.js";
import { PostaError } from "../../../src/errors/posta-error.js";

/** A batcher of a store that a test answers for, one batch after the other. */
function setup() {
  const batches: { events: readonly EventSpec[]; deadline: number; answer(written: Written | Error): void }[] = [];
  const batcher = new EventBatcher(
    (events, deadline) =>
      new Promise((resolve, reject) => {
        const answer = (written: Written | Error) => (written instanceof Error ? reject(written) : resolve(written));
        batches.push({ events, deadline, answer });
      }),
  );
  /** Hands in events of some hours; their results come to stand in the list that it answers. */
  function push(hours: number[], caller: Waiter = patientWaiter): unknown[] {
    const results: unknown[] = [];
    const told = batcher.push(
      hours.map((hour) => ({ hour }) as EventSpec),
      caller,
    );
    void told.then((all) => results.push(...all.map((one) => (one instanceof PostaError ? one.code : one))));
    return results;
  }
  const batch = async (index: number) => {
    await expect.poll(() => batches.length).toBeGreaterThan(index);
    return batches[index] as (typeof batches)[number];
  };
  const done = (count: number): Written => ({
    kind: "done",
    outcomes: new Array(count).fill("stored"),
    refused: 0,
    overflow: 0,
  });
  return { batcher, push, batch, done, batches };
}

describe("a batcher of events", () => {
  it("gathers what comes while a batch is on its way, and splits what is over a batch", async () => {
    const { batcher, push, batch, done } = setup();
    const first = push([1]);
    await batch(0);
    const [second, third] = [push(new Array(700).fill(1)), push(new Array(700).fill(1))];
    // A full batch need not wait; what is left of the last call does.
    expect((await batch(1)).events).toHaveLength(1000);
    (await batch(1)).answer(done(1000));
    (await batch(0)).answer(done(1));
    expect((await batch(2)).events).toHaveLength(400);
    (await batch(2)).answer(done(400));
    await expect.poll(() => third.filter(Boolean).length).toBe(700);
    expect([...first, ...second, ...third].every((result) => result === "stored")).toBe(true);
    expect(batcher.counts).toEqual({ batches: 3, events: 1401, refused: 0, overflow: 0 });
  });

  it("writes again what was held up by events of a closed hour, and by a caller who came too late", async () => {
    const { push, batch, done } = setup();
    const soon = Date.now() + 60_000;
    const [mixed, late] = [push([5, 7, 6]), push([7], { cancelled: false, deadline: soon })];
    expect((await batch(0)).deadline).toBe(soon);
    (await batch(0)).answer({ kind: "closed", firstOpenHour: 6 });
    expect((await batch(1)).events.map(({ hour }) => hour)).toEqual([7, 6, 7]);
    // Redis' clock may be behind: who has the earliest deadline is out all the same, or this would have no end.
    (await batch(1)).answer({ kind: "late", now: soon - 10 });
    expect((await batch(2)).events.map(({ hour }) => hour)).toEqual([7, 6]);
    expect((await batch(2)).deadline).toBe(Number.POSITIVE_INFINITY);
    (await batch(2)).answer(done(2));
    await expect.poll(() => mixed).toEqual(["invalid", "stored", "stored"]);
    expect(late).toEqual(["expired"]);
  });

  it("sends nothing for callers who are gone, and fails what the store did not take", async () => {
    const { push, batch, batches } = setup();
    const gone = push([1], { cancelled: true, deadline: Number.POSITIVE_INFINITY });
    await expect.poll(() => gone).toEqual(["expired"]);
    expect(batches).toEqual([]);
    const failed = push([1, 1]);
    (await batch(0)).answer(new PostaError("unavailable", "gone"));
    await expect.poll(() => failed).toEqual(["unavailable", "unavailable"]);
  });
});
