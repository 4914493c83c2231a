import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { BatchStrategy } from "../../src/batching/batch-strategy.js";
import { type BatchContext, GroupCommit } from "../../src/batching/group-commit.js";
import { patientWaiter } from "../../src/batching/waiter.js";
import { PostaError } from "../../src/errors/posta-error.js";

/** A group commit of numbers, whose batches are in flight for as long as the test wants; a number's result is its double. */
function setup(strategy: Partial<BatchStrategy<number>> = {}) {
  const batches: { items: number[]; context: BatchContext; answer(): void; fail(error: Error): void }[] = [];
  const write = (items: number[], context: BatchContext) =>
    new Promise<number[]>((resolve, reject) => {
      batches.push({ items, context, answer: () => resolve(items.map((item) => 2 * item)), fail: reject });
    });
  const commit = new GroupCommit<number, number>(write, { maxBatch: 4, maxInFlight: 2, ...strategy });
  return { commit, batches, written: () => batches.map(({ items }) => items) };
}

const abandonedError = () => new PostaError("expired", "too late");

describe("a group commit", () => {
  it("writes what came in one turn together, and answers each call with its own results", async () => {
    const { commit, batches, written } = setup();
    const calls = [commit.pushAll([1, 2]), commit.pushAll([]), commit.pushAll([3])];
    const single = commit.push(4);
    expect(written()).toEqual([]);
    await turn();
    expect(written()).toEqual([[1, 2, 3, 4]]);
    batches[0]?.answer();
    expect(await Promise.all(calls)).toEqual([[2, 4], [], [6]]);
    expect(await single).toBe(8);
    expect(commit.isAtRest).toBe(true);
  });

  it("splits a call over batches, and answers it when the last has its results", async () => {
    const { commit, batches, written } = setup({ maxInFlight: 9 });
    let results: unknown;
    void commit.pushAll([1, 2, 3, 4, 5, 6, 7, 8, 9]).then((all) => {
      results = all;
    });
    await turn();
    // What is left is no full batch: it waits until nothing is in flight.
    expect(written()).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    batches[1]?.answer();
    batches[0]?.fail(new PostaError("unavailable", "gone"));
    await turn();
    expect(results).toBeUndefined();
    batches[2]?.answer();
    await turn();
    const gone = expect.objectContaining({ code: "unavailable" });
    expect(results).toEqual([gone, gone, gone, gone, 10, 12, 14, 16, 18]);
  });

  it("sends a full batch beside another at once, up to the most that may be in flight", async () => {
    const { commit, written } = setup();
    void commit.push(0);
    await turn();
    for (const item of [1, 2, 3, 4, 5, 6, 7, 8]) void commit.push(item);
    await turn();
    expect(written()).toEqual([[0], [1, 2, 3, 4]]);
    expect(commit.isAtRest).toBe(false);
  });

  it("ends a batch where the strategy says so, and sends alone what goes alone", async () => {
    const isOdd = (item: number) => item % 2 === 1;
    const begin = (first: number) => (item: number) => isOdd(item) === isOdd(first);
    const { commit, batches, written } = setup({ begin, goesAlone: isOdd, maxBatch: 2 });
    void commit.pushAll([2, 4, 6, 1, 3, 5, 8, 10]);
    await turn();
    expect(written()).toEqual([[2, 4], [6]]);
    batches[0]?.answer();
    await turn();
    expect(written()).toHaveLength(2);
    for (const at of [1, 2, 3]) {
      batches[at]?.answer();
      await turn();
    }
    expect(written()).toEqual([[2, 4], [6], [1, 3], [5], [8, 10]]);
  });

  it("leaves out what nobody waits for any more, and fails it with the strategy's error", async () => {
    const { commit, batches, written } = setup({ abandonedError });
    const late = commit.pushAll([1, 2], { cancelled: false, deadline: Date.now() - 1 });
    const deadline = Date.now() + 60_000;
    const intime = commit.pushAll([3], { cancelled: false, deadline });
    const gone = commit.pushAll([4], { cancelled: true, deadline });
    void commit.push(5);
    await turn();
    expect(written()).toEqual([[3, 5]]);
    const [batch] = batches;
    expect(batch?.context.deadline).toBe(deadline);
    expect(batch?.context.waiterOf(1)).toBe(patientWaiter);
    expect(await late).toMatchObject([{ code: "expired" }, { code: "expired" }]);
    expect(await gone).toMatchObject([{ code: "expired" }]);
    batch?.answer();
    expect(await intime).toEqual([6]);
  });

  it("tells a batch when all that were sent before it have their results", async () => {
    const { commit, batches } = setup({ maxInFlight: 3, maxBatch: 1 });
    void commit.pushAll([1, 2, 3]);
    await turn();
    let isTold = false;
    void batches[2]?.context.earlier.then(() => {
      isTold = true;
    });
    batches[1]?.answer();
    await turn();
    expect(isTold).toBe(false);
    batches[0]?.fail(new Error("gone"));
    await turn();
    expect(isTold).toBe(true);
  });

  it("rejects a single item with what its write threw, and measures every batch", async () => {
    const { commit, batches } = setup();
    const single = commit.push(1);
    await turn();
    batches[0]?.fail(new Error("a secret"));
    await expect(single).rejects.toMatchObject({ code: "internal", message: "internal error" });
    const { sizes, waits, writes } = commit.metrics;
    expect([sizes.count, sizes.sum, waits.count, writes.count]).toEqual([1, 1, 1, 1]);
  });
});
