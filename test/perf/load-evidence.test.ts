import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { judgeLoadTests, judgeRow } from "../../ops/preflight/load-evidence.js";
import { readSummaries } from "../../ops/preflight/summaries.js";

const commit = "9b8e817f01ea2c5d7e4f60112233445566778899";

/** What `make perf-smoke` wrote, but for the rows and samples that preflight does not read. */
const recorded = {
  suite: "smoke",
  startedAt: "2026-11-24T20:21:57.053Z",
  seconds: 40.927,
  commit: "9b8e817f01ea",
  dirty: false,
  machine: { cpus: 2, model: "AMD EPYC", memoryMib: 24106, node: "v20.20.2" },
  target: "a private cluster on an embedded Redis",
  verdict: "met",
  broken: [] as string[],
  rows: [
    row("queue-add-p99", "Queue add, P99", "ms", 100, 200, "met", 5.04503),
    row("error-rate", "Error rate", "%", 0.1, 1, "met", 0),
    row("memory", "Memory of the cluster, peak", "MiB", 512, 1024, "met", 361.25),
    row("analytics-p99", "Analytics write, P99", "ms", 200, 500, "not measured"),
  ],
  scenarios: [{ plan: { rate: 500, seconds: 60 } }, { plan: { concurrency: 64, seconds: 15 } }],
  findings: [],
  resources: { peakMemoryMib: 361.25, samples: [] },
};

function row(
  id: string,
  name: string,
  unit: string,
  objective: number,
  critical: number,
  verdict: string,
  value?: number,
) {
  return { id, name, unit, objective, critical, verdict, ...(value === undefined ? {} : { value, scenario: "s" }) };
}

let results: string;

beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), "posta-preflight-test-"));
});

afterEach(() => rmSync(results, { recursive: true, force: true }));

function write(folder: string, summary: object | string): void {
  mkdirSync(join(results, folder), { recursive: true });
  const text = typeof summary === "string" ? summary : JSON.stringify(summary);
  writeFileSync(join(results, folder, "summary.json"), text);
}

/** The evidence in the folder, so many minutes after the recorded suite began. */
function evidence(minutes = 12, at: string | undefined = commit) {
  const now = new Date(Date.parse(recorded.startedAt) + minutes * 60_000);
  return { summaries: readSummaries(results), now, commit: at };
}

const memory = (minutes?: number) => judgeRow(evidence(minutes), "memory", "look");

describe("what the load suites left", () => {
  it("is asked for where there is none", () => {
    expect(judgeLoadTests(evidence())).toMatchObject({
      verdict: "not measured",
      todo: expect.stringContaining("make perf-load"),
    });
    expect(memory()).toMatchObject({ verdict: "not measured", todo: expect.stringContaining("make perf-load") });
    results = join(results, "nowhere");
    expect(readSummaries(results)).toEqual([]);
  });

  it("is the newest that can be read", () => {
    write("a", recorded);
    write("b", { ...recorded, suite: "load", startedAt: "2026-11-24T20:30:00.000Z" });
    write("cut-off", '{"suite": "load"');
    write("other", { suite: "compare", ratios: [] });
    mkdirSync(join(results, "running"));
    expect(readSummaries(results).map(({ suite }) => suite)).toEqual(["load", "smoke"]);
  });

  it("passes with its verdict, age, commit and what was missed", () => {
    write("a", { ...recorded, suite: "load", dirty: true });
    expect(judgeLoadTests(evidence())).toEqual({
      verdict: "ok",
      evidence: "load: met, 12 min ago, commit 9b8e817 with changes",
    });
    const missed = [row("queue-add-p99", "Queue add, P99", "ms", 100, 200, "missed", 120.456)];
    write("a", { ...recorded, suite: "load", verdict: "missed", rows: missed });
    expect(judgeLoadTests(evidence())).toEqual({
      verdict: "warning",
      evidence: "load: missed, 12 min ago, commit 9b8e817; Queue add, P99 120.46 ms missed",
      todo: expect.stringContaining("perf/results"),
    });
  });

  it("warns where only suites have passed that do not hold the guide's rates", () => {
    write("a", recorded);
    const finding = judgeLoadTests(evidence());
    expect(finding).toMatchObject({ verdict: "warning", todo: expect.stringContaining("make perf-load") });
  });

  it.each([
    ["held its rates for a moment only", { scenarios: [{ plan: { rate: 500, seconds: 1 } }] }, "warning"],
    ["was of a service that runs elsewhere", { target: "staging:50051" }, "not measured"],
  ])("is no evidence of the guide's rates where it %s", (_, change, verdict) => {
    write("a", { ...recorded, suite: "load", ...change });
    expect(judgeLoadTests(evidence()).verdict).toBe(verdict);
  });

  it("answers for a row by the suite in which it was worst", () => {
    write("a", { ...recorded, suite: "load", rows: [row("memory", "Memory", "MiB", 512, 1024, "critical", 2500)] });
    write("b", { ...recorded, startedAt: "2026-11-24T20:25:00.000Z" });
    expect(memory()).toMatchObject({ verdict: "FAILED", evidence: expect.stringMatching(/^2500 MiB .*load: met/) });
    write("c", { ...recorded, startedAt: "2026-11-24T20:26:00.000Z", commit: "0123456789ab" });
    expect(memory().verdict).toBe("FAILED");
  });

  it("is judged by the worst of the suites, the newest run of each", () => {
    write("a", { ...recorded, suite: "load" });
    write("b", { ...recorded, startedAt: "2026-11-24T20:10:00.000Z", verdict: "critical" });
    expect(judgeLoadTests(evidence())).toMatchObject({ verdict: "FAILED" });
    write("c", recorded);
    expect(judgeLoadTests(evidence())).toMatchObject({
      verdict: "ok",
      evidence: expect.stringMatching(/^(load|smoke): met, .* \| (load|smoke): met, [^|]*$/),
    });
  });

  it.each(["critical", "broken"])("fails when it is %s", (verdict) => {
    write("a", { ...recorded, verdict, broken: verdict === "broken" ? ["http-add: the server was lost"] : [] });
    const finding = judgeLoadTests(evidence());
    expect(finding.verdict).toBe("FAILED");
    expect(finding.evidence.includes("the server was lost")).toBe(verdict === "broken");
  });

  it("says nothing when it is old or of another commit", () => {
    write("a", recorded);
    const old = evidence(24 * 60 + 1);
    expect(judgeLoadTests(old)).toMatchObject({ verdict: "not measured", evidence: expect.stringContaining("24 h") });
    expect(judgeRow(old, "memory", "look").verdict).toBe("not measured");
    const other = judgeLoadTests(evidence(12, "0123456789"));
    expect(other).toMatchObject({ verdict: "not measured", evidence: expect.stringContaining("this is 0123456") });
    expect(judgeLoadTests({ ...evidence(), commit: undefined }).verdict).toBe("warning");
  });

  it("answers for memory and errors by its rows", () => {
    write("a", recorded);
    expect(memory().verdict).toBe("ok");
    expect(memory().evidence).toContain("361.25 MiB (objective 512, critical 1024");
    expect(judgeRow(evidence(), "analytics-p99", "look").verdict).toBe("not measured");
    write("a", { ...recorded, rows: [row("memory", "Memory", "MiB", 512, 1024, "missed", 522)] });
    expect(memory()).toMatchObject({ verdict: "warning", todo: "look" });
    write("a", { ...recorded, rows: [row("memory", "Memory", "MiB", 512, 1024, "critical", 1300)] });
    expect(memory()).toMatchObject({ verdict: "FAILED", todo: "look" });
  });

  it("does not take a row from a broken run", () => {
    write("a", recorded);
    const later = { ...recorded, startedAt: "2026-11-24T20:25:00.000Z", verdict: "broken" };
    write("b", { ...later, rows: [row("memory", "Memory", "MiB", 512, 1024, "critical", 1300)] });
    expect(memory()).toMatchObject({ verdict: "ok", evidence: expect.stringContaining("361.25") });
  });
});
