import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addSlice, findRun, openState, planSlices, type State, saveState } from "../../perf/suites/endurance-state.js";
import type { LoadResult } from "../../perf/suites/load.js";
import { mergeResults } from "../../perf/suites/merge.js";
import { judgeSlices, type Slice } from "../../perf/suites/slices.js";
import { maxSamples, type Sample, thin } from "../../perf/watch/samples.js";

function load(measured: object, p99 = 5): LoadResult {
  const latencyMs = { p50: 1, p90: 1, p95: 1, p99, p999: p99, max: p99 };
  const counts = { calls: 10, failed: 0, errors: {}, perSecond: 10 };
  const empty = { histogram: [{ upToMs: 1, calls: 1 }], timeline: [], broken: [] };
  const plan = { rate: 10, seconds: 1, warmupSeconds: 0, connections: 1 };
  const rest = { tool: "ghz", what: "S/M", operation: "o", answersFor: [], openLoop: true, plan };
  return { name: "n", ...rest, measured: { ...counts, latencyMs, ...empty, ...measured } };
}

describe("slices of a long run", () => {
  const slice = (memoryMib: number, index: number, start = 1): Slice => {
    return { second: index * 60, start, p99Ms: 5, memoryMib, heapMib: 100, handles: 50 };
  };
  const growing = [200, 210, 290, 300, 310, 320, 330, 340];

  it("fail when memory grows by more than half, and show how each figure went", () => {
    const { findings, failures } = judgeSlices(growing.map((rss, index) => slice(rss, index)));
    expect(failures).toEqual(["memory grew by over 50%: 210 -> 340 MiB"]);
    expect(findings).toContain("drift of memory: 210.0 -> 340.0 MiB (+62%)");
    expect(judgeSlices(growing.map((_, index) => slice(200, index))).failures).toEqual([]);
    expect(judgeSlices(growing.slice(0, 3).map((rss, index) => slice(rss, index))).findings).toEqual([
      "3 slices are too few to show a drift",
    ]);
  });

  it("are judged for each start of the cluster: another one has none of the memory of the one before", () => {
    const steady = [100, 100, 100, 100].map((rss, index) => slice(rss, index, 1));
    const larger = [200, 200, 200].map((rss, index) => slice(rss, index + 4, 2));
    const { findings, failures } = judgeSlices([...steady, ...larger]);
    expect(failures).toEqual([]);
    expect(findings).toContain("start 1 of the cluster: drift of memory: 100.0 -> 100.0 MiB (+0%)");
    expect(findings).toContain("start 2 of the cluster: 3 slices are too few to show a drift");
    const grown = judgeSlices([...growing.map((rss, index) => slice(rss, index)), ...larger]).failures;
    expect(grown).toEqual(["start 1 of the cluster: memory grew by over 50%: 210 -> 340 MiB"]);
  });

  it("add up, with the latencies of the worst", () => {
    const first = load({ failed: 1 }, 5);
    const second = load({ perSecond: 20 }, 3);
    const [merged] = mergeResults(mergeResults([], [first], 1, 0), [second], 2, 60);
    expect(merged?.measured).toMatchObject({ calls: 20, failed: 1, perSecond: 15, latencyMs: { p99: 5 } });
    expect(merged?.measured.timeline.map((step) => step.second)).toEqual([0, 60]);
  });
});

describe("a long run that was cut", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "posta-endurance-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const samples = (memoryMib: number, from: number): Sample[] =>
    [0, 1, 2].map((second) => ({ second: from + second, clusterMemoryMib: memoryMib }));
  const starved = "the load generator was starved of CPU: 9% of the calls were sent over 50 ms late";
  const add = (state: State, measured: object, memoryMib = 100) =>
    addSlice(state, [load(measured)], samples(memoryMib, state.watchedSeconds + 1));
  const open = (seconds?: number) => openState(folder, seconds, "here");

  it("goes on after its last sound slice, with what was measured before, its memory too", () => {
    const before = open(40);
    expect([before.sliceSeconds, planSlices(before)]).toEqual([10, 4]);
    expect(add(before, {}, 300)).toEqual([]);
    saveState(folder, before);

    const after = open();
    add(after, {});
    expect(after).toMatchObject({ totalSeconds: 40, done: 2, starts: 2, startedAt: before.startedAt });
    expect(after.slices.map(({ second, start, memoryMib }) => [second, start, memoryMib])).toEqual([
      [0, 1, 300],
      [10, 2, 100],
    ]);
    expect(after.samples.map(({ second }) => second)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(after.results[0]?.measured.calls).toBe(20);
  });

  it("remembers what broke a slice, which does not count", () => {
    const state = open(40);
    expect(add(state, { broken: ["the server was lost"] })).toEqual(["n: the server was lost"]);
    expect(addSlice(state, [load({})], [], ["1 server processes ended under load"])).toHaveLength(1);
    saveState(folder, state);
    const after = open();
    expect(after).toMatchObject({ done: 0, slices: [], results: [] });
    expect(after.faults).toEqual([
      "slice 1 was broken: n: the server was lost",
      "slice 1 was broken: 1 server processes ended under load",
    ]);
    expect(after.samples).toHaveLength(3);
  });

  it("leaves out a slice whose load generator was starved, unless calls failed, of whichever load", () => {
    const state = open(40);
    expect(add(state, { broken: [starved] })).toEqual([]);
    expect(add(state, { broken: [starved], failed: 1 })).toEqual([`n: ${starved}`]);
    const failing = { ...load({ failed: 5 }), name: "other" };
    expect(addSlice(state, [load({ broken: [starved] }), failing], [])).toEqual([`n: ${starved}`]);
    expect([state.done, state.slices.length, state.results.length]).toEqual([1, 0, 0]);
    add(state, {});
    expect(state.slices[0]?.second).toBe(10);
  });

  it("is found by its folder, if it can go on", () => {
    expect(() => findRun({ RESUME: folder })).toThrow(/^RESUME: .* has no endurance.json/);
    const state = open(40);
    saveState(folder, state);
    expect(findRun({ RESUME: folder })).toBe(folder);
    expect(() => findRun({ RESUME: folder, DURATION: "1h" })).toThrow(/^DURATION: .* has its own, 40s/);
    expect(() => openState(folder, undefined, "elsewhere")).toThrow(
      /^RESUME: the run is of here, and this is elsewhere/,
    );
    saveState(folder, { ...state, commit: "abc" });
    expect(() => open()).toThrow(/^RESUME: the run is of commit abc, and this is /);
    saveState(folder, { ...state, done: 4 });
    expect(() => findRun({ RESUME: folder })).toThrow(/is finished$/);
    writeFileSync(join(folder, "endurance.json"), '{"done": 1}');
    expect(() => findRun({ RESUME: folder })).toThrow(/^RESUME: .*endurance.json cannot be used: .*startedAt/s);
    writeFileSync(join(folder, "endurance.json"), '{"done');
    expect(() => findRun({ RESUME: folder })).toThrow(/^RESUME: .*endurance.json cannot be used: /);
  });

  it("of a day has no more samples than a chart can show", () => {
    const state = open(24 * 3600);
    const minutes = Array.from({ length: 300 }, (_, second): Sample => ({ second, clusterMemoryMib: second }));
    for (let slice = 0; slice < planSlices(state); slice += 1) addSlice(state, [load({})], minutes);
    expect(state.samples.length).toBeGreaterThan(maxSamples / 2);
    expect(state.samples.length).toBeLessThanOrEqual(maxSamples);
  });
});

describe("samples of a day", () => {
  it("become few, and keep their peaks", () => {
    const day = Array.from({ length: 200_001 }, (_, second): Sample => ({ second, clusterMemoryMib: 100, handles: 5 }));
    (day[77_777] as Sample).clusterMemoryMib = 400;
    const few = thin(day, 2000);
    expect(few.length).toBeLessThanOrEqual(2000);
    expect(few.filter(({ clusterMemoryMib }) => clusterMemoryMib === 400)).toHaveLength(1);
    expect(few[1]).toMatchObject({ second: 101, handles: 5 });
    expect(thin(day.slice(0, 3), 2000)).toEqual(day.slice(0, 3));
    expect(thin([{ second: 0 }, { second: 1, heapMib: 3 }], 1)).toEqual([{ second: 0, heapMib: 3 }]);
    expect(thin([], 10)).toEqual([]);
  });
});
