import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { Adder } from "../../../src/queue/add/add.js";
import type { AddCaller, AddResult, PendingJob } from "../../../src/queue/job/pending-job.js";

it("writes each job once and answers all, where jobs that are given up make room for those that wait", async () => {
  const written: string[] = [];
  const answers: (() => void)[] = [];
  const writer = {
    write(_queue: string, batch: PendingJob[]) {
      written.push(...batch.map(({ id }) => id));
      const results = batch.map(({ id }): AddResult => ({ jobId: id, outcome: "added" }));
      return new Promise<AddResult[]>((resolve) => answers.push(() => resolve(results)));
    },
  };
  const limits = { maxJobBytes: 1 << 20, maxPendingJobs: 600, maxPendingBytes: 1 << 26 };
  const adder = new Adder({ plain: writer, durable: writer }, limits);
  const stays: AddCaller = { cancelled: false, deadline: Number.POSITIVE_INFINITY };
  const leaves = { ...stays };
  const calls: Promise<AddResult[]>[] = [];
  const add = (count: number, caller: AddCaller) => {
    while (count-- > 0) calls.push(adder.addAllInTurn("emails", [{ name: "n", dataJson: "{}" }], caller));
  };
  add(400, stays);
  await turn(); // Four batches are on their way.
  add(50, stays);
  add(20, leaves);
  add(130, stays); // The room is full.
  add(200, stays);
  leaves.cancelled = true;
  let open = calls.length;
  for (const call of calls) void call.then(() => (open -= 1));
  for (let turns = 0; open > 0 && turns < 200; turns += 1) {
    answers.shift()?.();
    await turn();
  }
  expect(open).toBe(0);
  expect(written).toHaveLength(780);
  expect(new Set(written).size).toBe(780);
  await adder.drain();
});

it("counts payloads in bytes of UTF-8", async () => {
  const writer = { write: () => new Promise<AddResult[]>(() => {}) };
  const limits = { maxJobBytes: 1 << 20, maxPendingJobs: 600, maxPendingBytes: 250 };
  const adder = new Adder({ plain: writer, durable: writer }, limits);
  const job = { name: "n", dataJson: JSON.stringify("€".repeat(40)) }; // 122 bytes.
  const caller: AddCaller = { cancelled: false, deadline: Number.POSITIVE_INFINITY };
  for (let count = 0; count < 3; count += 1) void adder.add("q", job, caller);
  await expect(adder.add("q", job, caller)).rejects.toMatchObject({ code: "exhausted" });
});
