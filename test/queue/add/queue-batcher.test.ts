import { describe, expect, it } from "vitest";
import { BatchMetrics } from "../../../src/batching/batch-metrics.js";
import { PostaError } from "../../../src/errors/posta-error.js";
import { QueueBatcher } from "../../../src/queue/add/queue-batcher.js";
import { parseJob } from "../../../src/queue/job/job.js";
import type { AddCaller, AddResult, PendingJob } from "../../../src/queue/job/pending-job.js";

const patient: AddCaller = { cancelled: false, deadline: Number.POSITIVE_INFINITY };

/** A batcher whose batches are on their way for as long as the test wants. */
function setup() {
  const batches: { ids: string[]; answer(): void; fail(error: unknown): void }[] = [];
  const results: AddResult[] = [];
  const write = (_queue: string, batch: PendingJob[]) => {
    const ids = batch.map(({ id }) => id);
    return new Promise<AddResult[]>((resolve, reject) => {
      const answer = () => resolve(ids.map((jobId) => ({ jobId, outcome: "added" })));
      batches.push({ ids, answer, fail: reject });
    });
  };
  const figures = new BatchMetrics();
  const batcher = new QueueBatcher({ write }, figures);
  /** A call of one job for each id. */
  const push = (id: string, caller = patient, dataJson = "1") => {
    const spec = parseJob({ name: "n", dataJson }, 1 << 22);
    const told = batcher.push("emails", [{ spec, id, fresh: true, caller }], caller);
    void told.then((result) => results.push(...result));
  };
  return { batcher, push, batches, results, figures, written: () => batches.map(({ ids }) => ids) };
}

/** One turn of the event loop: a batcher at rest writes after the present one. */
const turn = () => new Promise(setImmediate);

const named = (start: number, end: number) => Array.from({ length: end - start }, (_, index) => `j${start + index}`);

describe("a batcher", () => {
  it("writes what came in one turn as one batch, in order, and tells each its result", async () => {
    const { push, batches, results, written } = setup();
    for (const id of ["a", "b", "c"]) push(id);
    expect(written()).toEqual([]);
    await turn();
    expect(written()).toEqual([["a", "b", "c"]]);
    expect(results).toEqual([]);
    batches[0]?.answer();
    await turn();
    expect(results).toEqual(["a", "b", "c"].map((jobId) => ({ jobId, outcome: "added" })));
  });

  it("counts its batches: their sizes, how long the first in them waited, how long they took", async () => {
    const { push, batches, figures } = setup();
    push("a");
    await turn();
    for (const id of ["b", "c", "d"]) push(id);
    batches[0]?.answer();
    await turn();
    batches[1]?.fail(new Error("gone"));
    await turn();
    const { sizes, waits, writes } = figures;
    expect([sizes.count, sizes.sum]).toEqual([2, 4]);
    // Up to 1, 2 and 5.
    expect(sizes.buckets.slice(0, 3)).toEqual([1, 0, 1]);
    expect([waits.count, writes.count]).toEqual([2, 2]);
  });

  it("gathers while a batch is on its way, and sends that as soon as it is back", async () => {
    const { batcher, push, batches, written } = setup();
    push("a");
    await turn();
    for (const id of ["b", "c"]) {
      push(id);
      await turn();
    }
    expect(batcher.size).toBe(1);
    expect(written()).toEqual([["a"]]);
    batches[0]?.answer();
    await turn();
    expect(written()).toEqual([["a"], ["b", "c"]]);
    expect(batcher.size).toBe(1);
    batches[1]?.answer();
    await turn();
    expect(batcher.size).toBe(0);
    push("d");
    await turn();
    expect(written()).toEqual([["a"], ["b", "c"], ["d"]]);
  });

  it("writes at most 100 at a time; full batches do not wait, up to four", async () => {
    const { push, batches, written } = setup();
    push("first");
    await turn();
    for (const id of named(0, 450)) push(id);
    expect(written().map(({ length }) => length)).toEqual([1, 100, 100, 100]);
    batches[1]?.answer();
    await turn();
    expect(written().map(({ length }) => length)).toEqual([1, 100, 100, 100, 100]);
    for (const at of [0, 2, 3]) batches[at]?.answer();
    await turn();
    // The rest is no full batch: it waits until nothing is on its way.
    expect(batches).toHaveLength(5);
    batches[4]?.answer();
    await turn();
    expect(written().at(-1)).toEqual(named(400, 450));
    expect(written().flat()).toEqual(["first", ...named(0, 450)]);
  });

  it("ends a batch at 1 MiB of payloads, but writes a larger one alone", async () => {
    const { push, batches, written } = setup();
    const sized = (bytes: number) => JSON.stringify("x".repeat(bytes - 2));
    push("half", patient, sized(600_000));
    push("other half", patient, sized(600_000));
    push("huge", patient, sized(2_000_000));
    push("small");
    await turn();
    for (let at = 0; at < 4; at += 1) {
      batches[at]?.answer();
      await turn();
    }
    expect(written()).toEqual([["half"], ["other half"], ["huge"], ["small"]]);
  });

  it("counts payloads in bytes of UTF-8", async () => {
    const { push, batches, written } = setup();
    push("first");
    await turn();
    // Three bytes each: 600,000 in all.
    for (const id of ["a", "b", "c"]) push(id, patient, JSON.stringify("€".repeat(200_000)));
    batches[0]?.answer();
    await turn();
    expect(written()).toEqual([["first"], ["a"]]);
  });

  it("drops what nobody waits for any more, even if nothing else is left", async () => {
    const { push, batches, results, written } = setup();
    const caller = { cancelled: false, deadline: Number.POSITIVE_INFINITY };
    push("a");
    await turn();
    push("leaves", caller);
    push("late", { cancelled: false, deadline: Date.now() - 1 });
    push("stays");
    caller.cancelled = true;
    batches[0]?.answer();
    await turn();
    expect(written()).toEqual([["a"], ["stays"]]);
    const dropped = results.filter(({ error }) => error?.code === "expired");
    expect(dropped.map(({ jobId }) => jobId)).toEqual(["leaves", "late"]);

    batches[1]?.answer();
    await turn();
    push("gone", caller);
    await turn();
    push("next");
    await turn();
    expect(written().at(-1)).toEqual(["next"]);
  });

  it("fails a batch as a whole and goes on with the next", async () => {
    const { push, batches, results, written } = setup();
    push("a");
    push("b");
    await turn();
    push("c");
    batches[0]?.fail(new PostaError("unavailable", "lost"));
    await turn();
    expect(results.map(({ jobId, error }) => [jobId, error?.code])).toEqual([
      ["a", "unavailable"],
      ["b", "unavailable"],
    ]);
    expect(written().at(-1)).toEqual(["c"]);
    batches[1]?.fail(new Error("a secret"));
    await turn();
    expect(results[2]?.error).toMatchObject({ code: "internal", message: "internal error" });
  });
});
