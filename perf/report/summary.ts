import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Target } from "../../slo/targets.js";
import { judge, judgeSuite, type Row, type SuiteVerdict } from "../judge/verdict.js";
import type { LoadResult } from "../suites/load.js";
import type { LoadTime, Outcome } from "../suites/suite.js";
import { hasChanges, shortCommit } from "../watch/code.js";
import { maxSamples, type Sample, thin } from "../watch/samples.js";

const results = fileURLToPath(new URL("../results", import.meta.url));

/** What a suite found: summary.json. Later benches, reports and `perf-compare` read it. */
export interface Summary {
  suite: string;
  /** ISO 8601. */
  startedAt: string;
  seconds: number;
  commit: string;
  /** Whether the tree had changes that no commit has. */
  dirty: boolean;
  machine: { cpus: number; model: string; memoryMib: number; node: string };
  target: string;
  verdict: SuiteVerdict;
  /** Why figures are not to be used, by scenario. */
  broken: string[];
  rows: Row[];
  scenarios: LoadResult[];
  /** Where the time of each load went; empty: that was not watched. */
  times: LoadTime[];
  /** What the suite found beside its rows, a line each. */
  findings: string[];
  resources: { peakMemoryMib?: number | undefined; samples: Sample[] };
}

/** What a summary is made of. */
export interface Findings {
  suite: string;
  startedAt: Date;
  target: string;
  targets: Target[];
  outcome: Outcome;
  /** Of the processes; an outcome that has some of its own goes before. */
  samples: Sample[];
}

/** Judges what a suite found. */
export function summarise({ suite, target, targets, outcome, ...rest }: Findings): Summary {
  const {
    results,
    findings,
    failures,
    broken,
    times = [],
    startedAt = rest.startedAt,
    samples = rest.samples,
  } = outcome;
  const shown = thin(samples, maxSamples);
  const peakMemoryMib = findPeak(shown);
  const rows = judge(targets, results, { peakMemoryMib });
  const judged = judgeSuite(rows, broken);
  return {
    suite,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    commit: shortCommit(),
    dirty: hasChanges(),
    machine: describeMachine(),
    target,
    verdict: judged !== "broken" && failures.length > 0 ? "critical" : judged,
    broken,
    rows,
    scenarios: results,
    times,
    findings: [...findings, ...failures.map((failure) => `FAILED: ${failure}`)],
    resources: { peakMemoryMib, samples: shown },
  };
}

function findPeak(samples: Sample[]): number | undefined {
  const seen = samples.flatMap(({ clusterMemoryMib }) => clusterMemoryMib ?? []);
  return seen.length === 0 ? undefined : Math.max(...seen);
}

/** perf/results/<time>-<suite>, made; or in another folder than perf/results. */
export function makeFolder(suite: string, startedAt: Date, parent = results): string {
  const folder = join(parent, `${startedAt.toISOString().replace(/[:.]/g, "-")}-${suite}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

export function writeSummary(folder: string, summary: Summary): void {
  writeFileSync(join(folder, "summary.json"), `${JSON.stringify(summary, null, 1)}\n`);
}

function describeMachine(): Summary["machine"] {
  const all = cpus();
  return {
    cpus: all.length,
    model: all[0]?.model.trim() ?? "unknown",
    memoryMib: Math.round(totalmem() / 2 ** 20),
    node: process.version,
  };
}
