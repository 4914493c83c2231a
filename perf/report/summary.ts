import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { judge, judgeSuite, type Row, type SuiteVerdict } from "../judge/verdict.js";
import type { LoadResult } from "../suites/load.js";
import type { Outcome } from "../suites/suite.js";
import type { Target } from "../targets.js";
import { type Sample, thin } from "../watch/samples.js";

const results = fileURLToPath(new URL("../results", import.meta.url));

/** As many points as a chart can show. */
const maxSamples = 2000;

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
  /** What the suite found beside its rows, a line each. */
  findings: string[];
  resources: { peakRssMib?: number | undefined; samples: Sample[] };
}

/** What a summary is made of. */
export interface Findings {
  suite: string;
  startedAt: Date;
  target: string;
  targets: Target[];
  outcome: Outcome;
  samples: Sample[];
}

/** Judges what a suite found. */
export function summarise({ suite, startedAt, target, targets, outcome, samples }: Findings): Summary {
  const { results, findings, failures, broken } = outcome;
  const shown = thin(samples, maxSamples);
  const peakRssMib = findPeak(shown);
  const rows = judge(targets, results, { peakRssMib });
  const judged = judgeSuite(rows, broken);
  return {
    suite,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    ...describeCode(),
    machine: describeMachine(),
    target,
    verdict: judged !== "broken" && failures.length > 0 ? "critical" : judged,
    broken,
    rows,
    scenarios: results,
    findings: [...findings, ...failures.map((failure) => `FAILED: ${failure}`)],
    resources: { peakRssMib, samples: shown },
  };
}

function findPeak(samples: Sample[]): number | undefined {
  const seen = samples.flatMap(({ clusterRssMib }) => clusterRssMib ?? []);
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

/** Which code was measured. "unknown" outside a git repository. */
function describeCode(): { commit: string; dirty: boolean } {
  const git = (...args: string[]) =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  try {
    return { commit: git("rev-parse", "--short=12", "HEAD").trim(), dirty: git("status", "--porcelain").trim() !== "" };
  } catch {
    return { commit: "unknown", dirty: false };
  }
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
