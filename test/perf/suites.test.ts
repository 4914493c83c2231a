import { describe, expect, it } from "vitest";
import { parsePlan } from "../../perf/bench/plan.js";
import { renderHtml } from "../../perf/report/html.js";
import type { Summary } from "../../perf/report/summary.js";
import { formatSummary } from "../../perf/report/table.js";
import { parseDuration, parseRate, parseRounds } from "../../perf/suites/duration.js";
import type { LoadResult } from "../../perf/suites/load.js";
import { pickPhases } from "../../perf/suites/phases.js";
import { forgiveGenerators, leaveOutStarved } from "../../perf/suites/rounds.js";
import { parseSuite, readSuite } from "../../perf/suites/scenario.js";
import { findRecovery } from "../../perf/suites/spike.js";
import { readMetrics } from "../../perf/watch/sampler.js";
import type { Sample } from "../../perf/watch/samples.js";
import { parseTargets, readTargets } from "../../slo/targets.js";

describe("targets.json", () => {
  it("has every row of the guide, each with an objective, a critical value and an indicator", () => {
    const rows = readTargets();
    const find = (id: string) => rows.find((row) => row.id === id);
    expect(find("queue-add-p99")).toMatchObject({ objective: 100, critical: 200 });
    expect(find("analytics-p99")).toMatchObject({ objective: 200, critical: 500 });
    expect(find("read-throughput")).toMatchObject({
      objective: 2000,
      indicator: { kind: "throughput", operation: "read" },
    });
    expect(rows).toHaveLength(23);
  });

  it("is checked: a row that is wrong is named", () => {
    const row = readTargets()[0];
    const parse =
      (...rows: object[]) =>
      () =>
        parseTargets(JSON.stringify({ rows }));
    expect(parse({ ...row, critical: 1 })).toThrow(/targets.json: .*critical must be beyond the objective/s);
    expect(parse({ ...row, unit: "seconds" })).toThrow(/rows\[0\].unit/);
    expect(parse({ ...row, extra: 1 })).toThrow(/extra/);
    expect(parse(row as object, row as object)).toThrow(/same id/);
  });
});

describe("the suites", () => {
  it.each(["smoke", "load", "endurance"])("%s is sound", (name) => {
    expect(readSuite(name, readTargets()).phases.flat().length).toBeGreaterThan(0);
  });

  it("answer for every target whose service is there", () => {
    const answered = new Set(
      readSuite("smoke", readTargets())
        .phases.flat()
        .flatMap(({ answersFor }) => answersFor),
    );
    const wanted = readTargets().filter(({ id }) => /^(queue|read|write|analytics|message)/.test(id));
    expect([...answered].sort()).toEqual(wanted.map(({ id }) => id).sort());
  });

  it("of the guide's rates answer for every latency and throughput", () => {
    const answered = new Set(
      readSuite("load", readTargets())
        .phases.flat()
        .flatMap(({ answersFor }) => answersFor),
    );
    const wanted = readTargets().filter(({ indicator: { kind } }) => kind !== "errors" && kind !== "memory");
    expect([...answered].sort()).toEqual(wanted.map(({ id }) => id).sort());
  });

  it.each(["smoke", "load"])("%s shows a latency only by a load that runs alone", (name) => {
    const latencies = new Set(readTargets().flatMap(({ id, indicator: { kind } }) => (kind === "latency" ? [id] : [])));
    const crowds = readSuite(name, readTargets()).phases.filter((phase) => phase.length > 1);
    expect(crowds.length).toBeGreaterThan(0);
    expect(crowds.flat().flatMap(({ answersFor }) => answersFor.filter((id) => latencies.has(id)))).toEqual([]);
  });

  it("run the loads that ONLY names", () => {
    const { phases } = readSuite("load", readTargets());
    expect(pickPhases(phases, [])).toBe(phases);
    const picked = pickPhases(phases, ["track", "job-read"]);
    expect(picked.flat().map(({ name }) => name)).toEqual(["job-read", "track"]);
    expect(() => pickPhases(phases, ["trak"])).toThrow(/^ONLY: there is no load trak; use some of queue-add, /);
  });

  it("refuse a scenario that answers for what it cannot show", () => {
    const scenario = readSuite("smoke", readTargets()).phases[0]?.[0];
    const parse = (change: object) => () =>
      parseSuite("x.json", JSON.stringify({ warmupSeconds: 1, phases: [[{ ...scenario, ...change }]] }), readTargets());
    expect(parse({})).not.toThrow();
    expect(parse({ answersFor: ["nothing"] })).toThrow(
      /x.json: queue-add: answersFor nothing: there is no such target/,
    );
    expect(parse({ answersFor: ["read-p99"] })).toThrow(/is of read, not of queue-add/);
    expect(parse({ answersFor: ["queue-throughput"] })).toThrow(/a throughput needs a concurrency/);
    expect(parse({ rate: undefined })).toThrow(/either a rate or a concurrency/);
  });

  it("take durations and rates with a clear error", () => {
    expect([parseDuration("DURATION", "90s"), parseDuration("DURATION", "5m"), parseDuration("DURATION", "")]).toEqual([
      90,
      300,
      undefined,
    ]);
    expect(() => parseDuration("DURATION", "5")).toThrow(/^DURATION: "5" is no duration/);
    expect(() => parseRate("RATE", "-1")).toThrow(/^RATE: "-1"/);
    expect(() => parseRate("RATE", "0.5")).toThrow(/use calls a second, 1 to 1000000/);
    expect([parseRounds("ROUNDS", "2"), parseRounds("ROUNDS", "")]).toEqual([2, undefined]);
    expect(() => parseRounds("ROUNDS", "1.5")).toThrow(/^ROUNDS: "1.5" is no number of rounds; use 1 to 100/);
  });
});

describe("how long a bench takes", () => {
  it("is its own, unless it is told", () => {
    expect(parsePlan({})).toEqual({ rounds: 3, durationMs: 4000 });
    expect(parsePlan({}, { rounds: 5, seconds: 1 })).toEqual({ rounds: 5, durationMs: 1000 });
    expect(parsePlan({ BENCH_ROUNDS: "1", BENCH_SECONDS: "0.5" })).toEqual({ rounds: 1, durationMs: 500 });
  });

  it.each([
    [{ BENCH_ROUNDS: "0" }, /^BENCH_ROUNDS: "0" is no number of rounds; use 1 to 100$/],
    [{ BENCH_SECONDS: "0" }, /^BENCH_SECONDS: "0" is no number of seconds; use 0.1 to 600$/],
    [{ BENCH_SECONDS: "4s" }, /^BENCH_SECONDS: "4s" is no number of seconds/],
  ])("refuses %o", (env, message) => {
    expect(() => parsePlan(env)).toThrow(message);
  });
});

describe("rounds whose load generator was starved", () => {
  const fault = "the load generator was starved of CPU: 9% of the calls were sent over 50 ms late";
  const round = (name: string, broken: string[] = [], failed = 0) =>
    ({ name, measured: { broken, failed } }) as unknown as LoadResult;
  const sound = round("add");
  const starved = round("add", [fault]);

  it("are left out, as long as most are not", () => {
    const { results, findings } = leaveOutStarved([sound, starved, sound]);
    expect(results).toEqual([sound, sound]);
    expect(findings).toEqual([`a round of add is left out: ${fault}`]);
    expect(leaveOutStarved([starved, starved, sound]).results).toHaveLength(3);
    expect(leaveOutStarved([starved]).results).toEqual([starved]);
  });

  it("stay where calls failed or the server was lost, and leave those of others alone", () => {
    const failed = round("add", [fault], 1);
    const lost = round("add", [fault, "the server was lost: the last 20 calls failed"]);
    const other = round("read", [fault]);
    const all = [sound, sound, sound, failed, lost, other];
    expect(leaveOutStarved(all).results).toEqual(all);
  });
});

describe("a load generator that could not keep up", () => {
  const fault = "the load generator was starved of CPU: 9% of the calls were sent over 50 ms late";
  const few = "only 90 of 100 calls were made";
  const lost = "the server was lost: the last 20 calls failed";
  const load = (broken: string[], control?: object) =>
    ({ name: "add", control, measured: { broken, failed: 0 } }) as unknown as LoadResult;

  it("does not break a load with a control, which tells whose fault it was", () => {
    const { results, findings } = forgiveGenerators([load([fault, few, lost], {}), load([], {})]);
    expect(results.map(({ measured }) => measured.broken)).toEqual([[lost], []]);
    expect(findings).toEqual([`add: ${fault}; ${few}; the control tells whether the machine was busy`]);
    expect(leaveOutStarved([load([fault], {}), load([], {}), load([], {})]).results).toHaveLength(3);
  });

  it("breaks a load without one", () => {
    expect(forgiveGenerators([load([fault])])).toEqual({ results: [load([fault])], findings: [] });
  });
});

describe("a spike's recovery", () => {
  const second = (at: number, p99Ms: number, failed = 0) => ({ second: at, calls: 10, failed, p50Ms: 1, p99Ms });

  it("begins with the first of three good seconds in a row", () => {
    const timeline = [
      second(0, 5),
      second(1, 900),
      second(2, 900),
      second(3, 5),
      second(4, 5, 1),
      second(5, 5),
      second(6, 5),
      second(7, 5),
    ];
    expect(findRecovery(timeline, 2, 100)).toBe(3);
    expect(findRecovery(timeline.slice(0, 7), 2, 100)).toBeUndefined();
  });
});

function load(measured: object, p99: number): LoadResult {
  const latencyMs = { p50: 1, p90: 1, p95: 1, p99, p999: p99, max: p99 };
  const base = {
    calls: 1,
    failed: 0,
    errors: {},
    perSecond: 1,
    latencyMs,
    histogram: [{ upToMs: 1, calls: 1 }],
    timeline: [],
    broken: [],
  };
  const plan = { rate: 10, seconds: 1, warmupSeconds: 0, connections: 1 };
  const rest = { tool: "ghz", what: "x/<Y>", operation: "o", answersFor: [], openLoop: true, plan };
  return { name: "n", ...rest, measured: { ...base, ...measured } };
}

describe("reports", () => {
  const summary: Summary = {
    suite: "smoke",
    startedAt: "2026-01-01T00:00:00.000Z",
    seconds: 1,
    commit: "abc",
    dirty: false,
    machine: { cpus: 2, model: "m", memoryMib: 1, node: "v20" },
    target: "t",
    verdict: "critical",
    broken: [],
    rows: [
      {
        id: "queue-add-p99",
        name: "Queue add, P99",
        unit: "ms",
        objective: 100,
        critical: 200,
        verdict: "critical",
        value: 250,
        scenario: "n",
      },
    ],
    scenarios: [{ ...load({}, 250), answersFor: ["queue-add-p99"] }],
    times: [],
    findings: ["a finding"],
    resources: {
      peakMemoryMib: 100,
      samples: [{ second: 0, clusterMemoryMib: 100, serverCores: 1, redisCores: 1, eventLoopDelayP99Ms: 2 }],
    },
  };

  it("name the row that broke", () => {
    expect(formatSummary(summary)).toMatch(/Queue add, P99\s+250 ms\s+-\s+-\s+< 100\s+< 200\s+CRITICAL\s+n/);
    expect(formatSummary(summary)).toMatch(/FAILED: a critical value is passed/);
  });

  it("show a control, what is beyond it, and a row that was not judged", () => {
    const [row] = summary.rows;
    const rows: Summary["rows"] = [{ ...(row as Summary["rows"][number]), verdict: "busy", control: 60 }];
    const busy: Summary = { ...summary, verdict: "busy", rows };
    expect(formatSummary(busy)).toMatch(/Queue add, P99\s+250 ms\s+60 ms\s+190 ms\s.*\snot judged: busy machine\s/);
    expect(formatSummary(busy)).toMatch(/smoke: WARNING: .* \(STRICT=1 fails for that, with status 3\)$/);
    expect(renderHtml(busy)).toMatch(/class="verdict busy">not judged: busy machine<.*60 ms/);
  });

  it("tell where the time went", () => {
    const spent = { cpuUs: 200, systemUs: 50, wakeUps: 2.5, readsAndWrites: 7, waiting: 0.25 };
    const time = {
      load: "job-read",
      callsPerSecond: 2000,
      servers: spent,
      stores: spent,
      others: spent,
      generator: spent,
    };
    const timed: Summary = { ...summary, times: [{ ...time, pressure: 0.5 }] };
    expect(formatSummary(timed)).toMatch(
      /^job-read\s+2000\s+200\s+25%\s+200\s+200\s+200\s+0.25\s+0.25\s+2.5\s+7.0\s+50%$/m,
    );
    expect(renderHtml(timed)).toContain("<h2>Where the time went</h2>");
  });

  it("tell the peaks that were seen", () => {
    expect(formatSummary(summary)).toMatch(/peaks: cluster 1.00 cores and 100 MiB, .*, event-loop delay P99 2.0 ms/);
    const { eventLoopDelayP99Ms: _, ...rest } = summary.resources.samples[0] as Sample;
    const resources = { ...summary.resources, samples: [rest] };
    expect(formatSummary({ ...summary, resources })).toMatch(/Redis 1.00 cores$/m);
    const ofElsewhere = { samples: [{ second: 0, eventLoopDelayP99Ms: 2 }] };
    expect(formatSummary({ ...summary, resources: ofElsewhere })).toMatch(/^peaks: event-loop delay P99 2.0 ms$/m);
    expect(formatSummary({ ...summary, resources: { samples: [] } })).toMatch(/processes could not be watched$/m);
  });

  it("as a page need nothing from elsewhere, and show text as text", () => {
    const html = renderHtml(summary);
    expect(html).not.toMatch(/(src|href)=|@import|url\(/);
    expect(html).toContain("prefers-color-scheme: dark");
    expect(html).toContain("width=device-width");
    expect(html).toContain("x/&#60;Y&#62;");
    expect(html).toMatch(/<line class="mark critical"/);
  });

  it("read the processes' figures from /metrics", () => {
    const text =
      'nodejs_eventloop_lag_p99_seconds 0.0125\nnodejs_active_handles{type="Socket"} 30\nnodejs_active_handles{type="Pipe"} 10\nnodejs_heap_size_used_bytes 1048576\n';
    expect(readMetrics(text)).toEqual({ eventLoopDelayP99Ms: 12.5, handles: 40, heapMib: 1 });
    expect(readMetrics("")).toEqual({});
  });
});
