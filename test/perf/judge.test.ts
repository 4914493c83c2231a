import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readReport } from "../../perf/autocannon/autocannon.js";
import { parseGhz } from "../../perf/ghz/ghz.js";
import { measureBuckets, readBuckets } from "../../perf/judge/buckets.js";
import { type Call, type Calls, toCalls } from "../../perf/judge/calls.js";
import { measure, type Plan } from "../../perf/judge/measure.js";
import { exitStatus, judge, judgeSuite, type Result } from "../../perf/judge/verdict.js";
import { readTargets } from "../../slo/targets.js";

/** The judge, on what the tools themselves wrote: recorded/ holds their output against a real cluster. */

const recorded = (name: string) => readFileSync(new URL(`./recorded/${name}`, import.meta.url), "utf8");
const ghz = (name: string) => parseGhz(recorded(name));
const atRate = (rate: number, seconds: number): Plan => ({ rate, seconds, warmupSeconds: 0 });

/** A load of 100 calls a second of which each took `latencyOf(index)` milliseconds, or never left on time. */
function steady(count: number, call: (index: number) => Partial<Call> = () => ({})): Calls {
  return toCalls(
    Array.from({ length: count }, (_, index) => ({ start: index * 10, latency: 2, error: "", ...call(index) })),
  );
}

function resultOf(calls: Calls, plan: Plan, rest: Partial<Result> = {}): Result {
  const answersFor = ["queue-add-p50", "queue-add-p95", "queue-add-p99"];
  const openLoop = plan.rate !== undefined;
  return { name: "load", operation: "queue-add", answersFor, openLoop, measured: measure(calls, plan), ...rest };
}

const rowOf = (id: string, results: Result[], peakMemoryMib?: number) =>
  judge(readTargets(), results, { peakMemoryMib }).find((row) => row.id === id);

describe("a report of ghz", () => {
  it("is read call by call, in the order in which they were sent", () => {
    const calls = ghz("ghz-good.json");
    expect(calls.start).toHaveLength(200);
    expect(calls.start[0]).toBe(0);
    expect(Array.from(calls.start)).toEqual(Array.from(calls.start).sort((a, b) => a - b));
    // 200 calls at 100 a second.
    expect(calls.start.at(-1)).toBeGreaterThan(1900);
    expect(calls.start.at(-1)).toBeLessThan(2100);
    const own = JSON.parse(recorded("ghz-good.json"));
    const longest = Math.max(...own.details.map(({ latency }: { latency: number }) => latency)) / 1e6;
    expect(Math.max(...calls.latency)).toBeCloseTo(longest, 6);
    expect(calls.errors).toEqual({});
  });

  it("counts calls that failed, by what they said without numbers that vary", () => {
    const calls = ghz("ghz-errors.json");
    expect(calls.failed.reduce((sum, flag) => sum + flag, 0)).toBe(60);
    expect(Object.keys(calls.errors)).toHaveLength(1);
    expect(Object.keys(calls.errors)[0]).toMatch(/^NotFound: the queue "perf-read" has no job/);
  });

  it("that is none is refused", () => {
    expect(() => parseGhz('{"count":1}')).toThrow(/no report of ghz/);
  });
});

describe("a histogram of Posta's own metrics", () => {
  const byEnd = readBuckets(recorded("metrics.txt"), "posta_whatsapp_request_seconds", "kind");
  const measured = measureBuckets(byEnd, "accepted", 80);

  it("is read by how requests ended, and only it", () => {
    expect([...byEnd.keys()].sort()).toEqual(["accepted", "refused"]);
    expect(byEnd.get("accepted")).toEqual({
      upToMs: [25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, Number.POSITIVE_INFINITY],
      calls: [0, 0, 371, 371, 395, 395, 395, 395, 395, 395],
    });
  });

  it("counts what failed, and puts percentiles between the bounds of their buckets", () => {
    expect(measured).toMatchObject({ calls: 400, failed: 5, errors: { refused: 5 }, perSecond: 80 });
    expect(measured.latencyMs.p50).toBeCloseTo(50 + (50 * 200) / 376, 6);
    expect(measured.latencyMs.p99).toBeCloseTo(250 + (250 * (396 - 376)) / 24, 6);
    expect(measured.latencyMs.max).toBe(500);
    expect(measured.histogram).toEqual([
      { upToMs: 100, calls: 376 },
      { upToMs: 500, calls: 24 },
    ]);
  });

  it("puts what is beyond its last bound at that bound, and has no percentile of nothing", () => {
    const late = new Map([["accepted", { upToMs: [10, Number.POSITIVE_INFINITY], calls: [1, 4] }]]);
    expect(measureBuckets(late, "accepted", 1).latencyMs.p99).toBe(10);
    expect(measureBuckets(new Map(), "accepted", 0)).toMatchObject({ calls: 0, failed: 0, histogram: [] });
    expect(measureBuckets(new Map(), "accepted", 0).latencyMs.p50).toBeNaN();
  });
});

describe("what autocannon's calls are read as", () => {
  it("is the same", () => {
    const calls = readReport(JSON.parse(recorded("autocannon-good.json")));
    const measured = measure(calls, atRate(40, 2));
    expect(measured.failed).toBe(0);
    expect(measured.calls).toBeGreaterThan(75);
    expect(measured.broken).toEqual([]);
  });

  it("tells when its own event loop was held up", () => {
    const calls = readReport({ calls: [[0, 1, ""]], delayP99Ms: 250 });
    expect(measure(calls, atRate(1, 1)).broken).toEqual([expect.stringMatching(/starved of CPU: .*250 ms/)]);
  });
});

describe("a measurement", () => {
  it("counts a latency from when the call was due, so that waiting in the load is not left out", () => {
    // From the 50th on, calls are sent 30 ms late.
    const { latencyMs } = measure(
      steady(100, (index) => (index < 50 ? {} : { start: index * 10 + 30 })),
      atRate(100, 1),
    );
    expect(latencyMs.p50).toBeCloseTo(2);
    expect(latencyMs.p95).toBeCloseTo(32);
  });

  it("includes calls that failed", () => {
    const { latencyMs, perSecond, failed } = measure(
      steady(100, (index) => (index % 2 ? { latency: 500, error: "Internal: x" } : {})),
      atRate(100, 1),
    );
    expect(latencyMs.p95).toBe(500);
    expect(failed).toBe(50);
    expect(perSecond).toBe(50);
  });

  it("leaves out the warm-up", () => {
    const calls = steady(200, (index) => (index < 100 ? { latency: 900 } : {}));
    const measured = measure(calls, { rate: 100, seconds: 1, warmupSeconds: 1 });
    expect(measured.calls).toBe(100);
    expect(measured.latencyMs.max).toBe(2);
    expect(measured.timeline).toEqual([{ second: 0, calls: 100, failed: 0, p50Ms: 2, p99Ms: 2 }]);
  });

  it("puts every call into the histogram and the time line", () => {
    const { histogram, timeline } = measure(ghz("ghz-good.json"), atRate(100, 2));
    expect(histogram.reduce((sum, { calls }) => sum + calls, 0)).toBe(200);
    expect(timeline.map(({ calls }) => calls)).toEqual([100, 100]);
  });
});

describe("a broken run", () => {
  it.each<[string, Calls, Plan, RegExp]>([
    ["measured nothing", toCalls([]), atRate(100, 1), /nothing was measured/],
    ["lost its server", ghz("ghz-lost.json"), atRate(100, 2), /the server was lost: the last \d+ calls failed/],
    ["made too few calls", steady(90), atRate(100, 1), /only 90 of 100 calls were made/],
    [
      "was starved",
      steady(100, (index) => (index > 20 ? { start: index * 10 + 80 } : {})),
      atRate(100, 1),
      /starved of CPU: 79% /,
    ],
  ])("is one that %s", (_, calls, plan, fault) => {
    const { broken } = measure(calls, plan);
    expect(broken.join()).toMatch(fault);
    expect(judgeSuite(judge(readTargets(), [resultOf(calls, plan)], {}), broken)).toBe("broken");
    expect(exitStatus("broken", false)).toBe(1);
  });

  it("is not one whose server answers errors: that is for its rows", () => {
    const calls = ghz("ghz-errors.json");
    expect(measure(calls, atRate(100, 0.6)).broken).toEqual([]);
    expect(rowOf("error-rate", [resultOf(calls, atRate(100, 0.6))])).toMatchObject({ verdict: "critical", value: 100 });
  });

  it("is one without any row", () => {
    expect(judgeSuite(judge(readTargets(), [], {}), [])).toBe("broken");
  });
});

describe("the rows", () => {
  it("are met, missed or critical by their limits, and of the worst scenario", () => {
    const slow = (latency: number) =>
      resultOf(
        steady(100, () => ({ latency })),
        atRate(100, 1),
        { name: `${latency} ms` },
      );
    expect(rowOf("queue-add-p99", [slow(99)])).toMatchObject({ verdict: "met", value: 99 });
    expect(rowOf("queue-add-p99", [slow(150), slow(99)])).toMatchObject({
      verdict: "missed",
      value: 150,
      scenario: "150 ms",
    });
    expect(rowOf("queue-add-p99", [slow(99), slow(201)])).toMatchObject({ verdict: "critical", scenario: "201 ms" });
  });

  it("take the median of a scenario's rounds, and count errors over all of them", () => {
    const round = (latency: number, errors = 0) =>
      resultOf(
        steady(1000, (index) => ({ latency, error: index < errors ? "Internal: x" : "" })),
        atRate(100, 10),
      );
    const rounds = [round(5), round(500, 30), round(7)];
    expect(rowOf("queue-add-p99", rounds)).toMatchObject({ verdict: "met", value: 7 });
    expect(rowOf("queue-add-p99", [round(500), round(7), round(400)])).toMatchObject({
      verdict: "critical",
      value: 400,
    });
    expect(rowOf("error-rate", rounds)).toMatchObject({ verdict: "missed", value: 1 });
  });

  it("take throughput as what succeeded, and more as better", () => {
    const plan = { concurrency: 4, seconds: 1, warmupSeconds: 0 };
    const saturated = (calls: Calls) => resultOf(calls, plan, { answersFor: ["queue-throughput"] });
    const fast = toCalls(Array.from({ length: 2000 }, (_, index) => ({ start: index / 2, latency: 1, error: "" })));
    expect(rowOf("queue-throughput", [saturated(fast)])).toMatchObject({ verdict: "met", value: 2000 });
    const failing = { ...fast, failed: fast.failed.map((_, index) => (index < 1300 ? 1 : 0)) };
    expect(rowOf("queue-throughput", [saturated(failing)])).toMatchObject({ verdict: "missed", value: 700 });
  });

  it("count errors at fixed rates only, and memory over the whole suite", () => {
    const failing = steady(1000, (index) => (index < 5 ? { error: "Internal: x" } : {}));
    expect(rowOf("error-rate", [resultOf(failing, atRate(100, 10))])).toMatchObject({ verdict: "missed", value: 0.5 });
    expect(rowOf("error-rate", [resultOf(failing, { concurrency: 1, seconds: 10, warmupSeconds: 0 })])?.verdict).toBe(
      "not measured",
    );
    expect(rowOf("memory", [], 600)).toMatchObject({ verdict: "missed", value: 600 });
    expect(rowOf("memory", [])?.verdict).toBe("not measured");
  });

  it("of services that no scenario calls are not measured, which is not passed", () => {
    const rows = judge(readTargets(), [resultOf(ghz("ghz-good.json"), atRate(100, 2))], {});
    expect(rows.find(({ id }) => id === "whatsapp-p99")).toMatchObject({ verdict: "not measured" });
    expect(rows.find(({ id }) => id === "whatsapp-p99")).not.toHaveProperty("value");
    expect(judgeSuite(rows, [])).toBe("met");
  });
});

describe("a row beside its control", () => {
  const objective = 100; // Of queue-add-p99; critical is 200.
  const percentiles = (ms: number) => ({ p50: ms, p90: ms, p95: ms, p99: ms, p999: ms, max: ms });
  const load = (latency: number, before: number, after: number, name = "load") =>
    resultOf(
      steady(100, () => ({ latency })),
      atRate(100, 1),
      {
        name,
        answersFor: ["queue-add-p99"],
        control: { before: percentiles(before), after: percentiles(after) },
      },
    );
  const verdictOf = (...results: Result[]) => rowOf("queue-add-p99", results)?.verdict;

  it.each([
    ["met", 99, 99],
    ["missed", 101, objective / 2],
    ["critical", 201, objective / 2],
    ["busy", 101, objective / 2 + 1],
    ["busy", 5000, objective / 2 + 1],
  ])("is %s at %i ms beside a control of %i ms", (verdict, latency, control) => {
    expect(verdictOf(load(latency, control, 1))).toBe(verdict);
    expect(verdictOf(load(latency, 1, control))).toBe(verdict);
  });

  it("shows the worse of its two controls, and the median over rounds", () => {
    const rounds = [load(150, 10, 20), load(160, 40, 5), load(170, 90, 5)];
    expect(rowOf("queue-add-p99", rounds)).toMatchObject({ verdict: "missed", value: 160, control: 40 });
  });

  it("is as bad as the worst scenario: a busy machine hides no slow one beside it", () => {
    const [busy, slow] = [load(900, 60, 60, "busy"), load(150, 5, 5, "slow")];
    expect(rowOf("queue-add-p99", [busy, slow])).toMatchObject({ verdict: "missed", scenario: "slow" });
    expect(rowOf("queue-add-p99", [busy, load(99, 5, 5, "fast")])).toMatchObject({
      verdict: "busy",
      scenario: "busy",
    });
  });

  it("of a recorded run on a busy machine is not judged where the bare server was slow, too, and is where it was not", () => {
    const results = JSON.parse(recorded("load-busy.json")) as Result[];
    const verdicts = (ids: string[], some: Result[]) => ids.map((id) => rowOf(id, some)?.verdict);
    const ids = ["queue-add-p99", "read-p99", "analytics-read-p99", "message-send-p99"];
    expect(verdicts(ids, results)).toEqual(["met", "met", "busy", "missed"]);
    // The same loads beside the controls of a quiet machine: what was not judged is the service's own.
    const quiet = results.map((result) => ({ ...result, control: { before: percentiles(1), after: percentiles(1) } }));
    expect(verdicts(ids, quiet)).toEqual(["met", "met", "missed", "missed"]);
  });

  it("that was not judged warns, and fails a strict gate with a status of its own", () => {
    const rows = judge(readTargets(), [load(101, 60, 60)], {});
    expect(judgeSuite(rows, [])).toBe("busy");
    expect([exitStatus("busy", false), exitStatus("busy", true)]).toEqual([0, 3]);
    const missed = judge(readTargets(), [load(101, 60, 60), load(101, 1, 1, "slow")], {});
    expect(judgeSuite(missed, [])).toBe("missed");
  });
});

describe("a mix of loads", () => {
  it("answers with the sum of its loads, round by round", () => {
    const part = (name: string, round: number, perSecond: number): Result => ({
      ...resultOf(steady(10), atRate(100, 1), { name, answersFor: ["read-mix"], round }),
      measured: { ...measure(steady(10), atRate(100, 1)), perSecond },
    });
    const results = [1, 2, 3].flatMap((round) => [part("a", round, 1000 * round), part("b", round, 10)]);
    expect(rowOf("read-mix", results)).toMatchObject({ verdict: "met", value: 2010, scenario: "a + b" });
    expect(rowOf("read-mix", results.slice(0, 2))).toMatchObject({ verdict: "missed", value: 1010 });
  });
});

describe("the exit status", () => {
  it("is 0 for what is met, warns for a missed objective unless it is strict, and is 1 for a critical", () => {
    expect(exitStatus("met", true)).toBe(0);
    expect(exitStatus("missed", false)).toBe(0);
    expect(exitStatus("missed", true)).toBe(1);
    expect(exitStatus("critical", false)).toBe(1);
  });
});
