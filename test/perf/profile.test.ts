import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";
import { describe, expect, it, onTestFinished } from "vitest";
import { type CpuProfile, summariseCpu } from "../../perf/profile/cpu-profile.js";
import { diagnose, type Symptoms } from "../../perf/profile/diagnosis.js";
import { renderFlame } from "../../perf/profile/flame-html.js";
import { buildFlame } from "../../perf/profile/flame-tree.js";
import { findLeaks } from "../../perf/profile/growth.js";
import { type HeapClass, readHeap } from "../../perf/profile/heap.js";
import { Places } from "../../perf/profile/places.js";
import { reportLeaks } from "../../perf/profile/profile-leaks.js";
import { findScenario } from "../../perf/profile/scenarios.js";

/**
 * Three real snapshots of a process that makes so many `Kept` a round, after a garbage collection each, and drops those
 * of the round before unless it leaks.
 */
async function snapshotsOf({ leaks }: { leaks: boolean }): Promise<Map<string, HeapClass>[]> {
  const dir = mkdtempSync(join(tmpdir(), "posta-heaps-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const files = [1, 2, 3].map((round) => join(dir, `${round}.heapsnapshot`));
  const code = `
    class Kept { text = "x"; }
    let kept = [];
    for (const file of ${JSON.stringify(files)}) {
      if (!${leaks}) kept = [];
      for (let index = 0; index < 1000; index += 1) kept.push(new Kept());
      gc();
      require("node:v8").writeHeapSnapshot(file);
    }`;
  execFileSync(process.execPath, ["--expose-gc", "-e", code]);
  const heaps: Map<string, HeapClass>[] = [];
  for (const file of files) heaps.push(await readHeap(file));
  return heaps;
}

/** A heap with one class, of so many objects. */
function heapWith(count: number, self = 0, name = "Thing"): Map<string, HeapClass> {
  return new Map([[name, { name, count, self, retained: self }]]);
}

describe("the leak check", () => {
  it("suspects what a leaking process keeps, and says by how much it grew", async () => {
    const heaps = await snapshotsOf({ leaks: true });
    expect(heaps.map((heap) => heap.get("Kept")?.count)).toEqual([1000, 2000, 3000]);
    expect(findLeaks(heaps)).toContainEqual(expect.objectContaining({ name: "Kept", counts: [1000, 2000, 3000] }));
    const { lines, failed } = reportLeaks(heaps);
    expect(lines.join("\n")).toMatch(/suspected: Kept grew \+1,000, \+1,000 objects/);
    expect(failed).toBe(true);
  });

  it("suspects nothing where as much is freed as is made", async () => {
    const heaps = await snapshotsOf({ leaks: false });
    expect(heaps.map((heap) => heap.get("Kept")?.count)).toEqual([1000, 1000, 1000]);
    const { lines, failed } = reportLeaks(heaps);
    expect(lines.at(-1)).toBe("no leak seen");
    expect(failed).toBe(false);
  });

  it.each([
    ["grows by little", [heapWith(1000), heapWith(1199), heapWith(1398)], false],
    ["grows by enough", [heapWith(1000), heapWith(1200), heapWith(1400)], true],
    ["grows in one round only", [heapWith(1000), heapWith(3000), heapWith(3000)], false],
    ["grows ever slower, as a cache that fills up", [heapWith(0), heapWith(1000), heapWith(1400)], false],
    ["grows in size, not in number", [heapWith(1, 0), heapWith(1, 65_536), heapWith(1, 131_072)], true],
    ["is V8's own", [0, 1000, 2000].map((count) => heapWith(count, 0, "(compiled code)")), false],
  ])("judges a constructor that %s", (_, heaps, suspected) => {
    expect(findLeaks(heaps)).toHaveLength(suspected ? 1 : 0);
  });
});

const frame = (functionName: string, url = "file:///elsewhere/a.js", lineNumber = 4) => ({
  functionName,
  url,
  lineNumber,
  columnNumber: 0,
});

/** main calls work twice, from two places; 10 ms each sample. */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)", ""), children: [2, 5, 6, 7] },
    { id: 2, callFrame: frame("main"), children: [3, 4] },
    { id: 3, callFrame: frame("work", undefined, 9) },
    { id: 4, callFrame: frame("work", undefined, 9) },
    { id: 5, callFrame: frame("(idle)", "") },
    { id: 6, callFrame: frame("(garbage collector)", "") },
    { id: 7, callFrame: frame("</script>", "node:net") },
  ],
  startTime: 0,
  endTime: 70_000,
  samples: [2, 3, 4, 5, 6, 7],
  timeDeltas: [10_000, 10_000, 10_000, 10_000, 10_000, 10_000],
};

describe("a CPU profile", () => {
  it("is summed up by function, with idle time and garbage collection apart", () => {
    const { totalMs, idleMs, garbageMs, functions } = summariseCpu(profile, new Places());
    expect({ totalMs, idleMs, garbageMs }).toEqual({ totalMs: 60, idleMs: 10, garbageMs: 10 });
    expect(functions).toEqual([
      { name: "work", place: "/elsewhere/a.js:10", ms: 20 },
      { name: "main", place: "/elsewhere/a.js:5", ms: 10 },
      { name: "</script>", place: "node:net:5", ms: 10 },
    ]);
  });

  it("names places in the source, by the build's maps", () => {
    const url = new URL("../../dist/src/errors/posta-error.js", import.meta.url).href;
    const place = new Places().of({ functionName: "PostaError", url, lineNumber: 5, columnNumber: 0 });
    expect(place).toMatch(/^src\/errors\/posta-error\.ts:\d+$/);
  });

  it("becomes one flame graph, in which same calls are joined and idle time is left out", () => {
    const flame = buildFlame(profile, new Places());
    expect(flame.ms).toBe(50);
    expect(flame.children.map(({ name, ms }) => [name, ms])).toEqual([
      ["main", 30],
      ["(garbage collector)", 10],
      ["</script>", 10],
    ]);
    expect(flame.children[0]?.children).toEqual([
      { name: "work", place: "/elsewhere/a.js:10", ms: 20, selfMs: 20, children: [] },
    ]);
  });

  it("is drawn in one page that loads nothing, and whose script no name can end", () => {
    const html = renderFlame("a <title>", ["a & b"], buildFlame(profile, new Places()));
    expect(html).not.toMatch(/https?:|src=|href=|<title>a <title>/);
    const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, code]) => code as string);
    expect(scripts).toHaveLength(1);
    expect(() => new Script(scripts[0] as string)).not.toThrow();
    expect(scripts[0]).toContain('["work","/elsewhere/a.js:10",20,20,[]]');
  });
});

describe("the doctor", () => {
  const server: Symptoms["servers"][number] = {
    pid: 1,
    cores: 0.8,
    seconds: 10,
    delayMs: { p50: 1, p99: 10, max: 40 },
    loopUse: 0.8,
    pauses: [{ ms: 5, major: false }],
    heapMibAtStart: 20,
    heapMib: 21,
    resourcesAtStart: { TCPSocketWrap: 8, Timeout: 3 },
    resources: { TCPSocketWrap: 8, Timeout: 300 },
  };
  const well: Symptoms = {
    servers: [server, { ...server, pid: 2 }],
    primaryCores: 0,
    redisCores: 0.2,
    machineUse: 0.8,
  };
  const troubles = (symptoms: Partial<Symptoms>) =>
    diagnose({ ...well, ...symptoms })
      .filter(({ ok }) => !ok)
      .map(({ what }) => what);
  const withServer = (changes: Partial<typeof server>) => troubles({ servers: [{ ...server, ...changes }] });

  it("finds nothing in a healthy cluster", () => {
    expect(troubles({})).toEqual([]);
  });

  it.each([
    ["server 1: event-loop delay", withServer({ delayMs: { p50: 1, p99: 51, max: 60 } })],
    ["server 1: garbage collection", withServer({ pauses: [{ ms: 51, major: true }] })],
    ["server 1: garbage collection", withServer({ pauses: Array(300).fill({ ms: 4, major: false }) })],
    ["server 1: heap without garbage", withServer({ heapMib: 29 })],
    ["server 1: handles and requests", withServer({ resources: { TCPSocketWrap: 29 } })],
    ["event loops in use", withServer({ loopUse: 0.3 })],
    ["processor: servers", troubles({ servers: [server, { ...server, cores: 0.3 }] })],
    ["processor: primary", troubles({ primaryCores: 0.5 })],
    ["processor: Redis", troubles({ redisCores: 1 })],
    ["processor: the machine", troubles({ machineUse: 0.99 })],
  ])("points to %s, and to nothing else", (what, found) => {
    expect(found).toEqual([what]);
  });
});

describe("a scenario", () => {
  it("is add-job, or what SCENARIO names", () => {
    expect(findScenario().name).toBe("add-job");
    expect(findScenario("get-queue").name).toBe("get-queue");
  });

  it("that does not exist is refused with those that do", () => {
    expect(() => findScenario("toString")).toThrow(/SCENARIO: there is no "toString"; use one of add-job, add-jobs/);
  });
});
