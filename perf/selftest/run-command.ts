import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { endWithThis, makeFolderUntilEnd } from "../bench/children.js";

/** A run of a suite, or of perf-compare. */
export interface CommandRun<Report> {
  code: number;
  output: string;
  /** The JSON file that it left; undefined: it left none. */
  report: Report | undefined;
}

/**
 * Runs a script of perf/ as make would, and reads the report that it leaves. The report is kept apart from
 * perf/results/, because it speaks of servers that were made bad.
 */
export async function runCommand<Report>(
  [script, ...args]: [string, ...string[]],
  report: string,
  settings: Record<string, string>,
): Promise<CommandRun<Report>> {
  const RESULTS = makeFolderUntilEnd("posta-selftest-");
  const file = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", file, ...args], {
    env: { ...process.env, ...settings, RESULTS },
    stdio: ["ignore", "pipe", "pipe"],
  });
  endWithThis(child);
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  const [folder = ""] = readdirSync(RESULTS);
  const path = join(RESULTS, folder, report);
  const found = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Report) : undefined;
  rmSync(RESULTS, { recursive: true, force: true });
  return { code: code as number, output: `${output}${errors}`, report: found };
}

/** How often a run is made that the machine spoils. */
const maxRuns = 5;

/** Runs again, a few times, where the machine was too busy to judge what the run is to show. */
export async function runUntilJudged<Report>(
  run: () => Promise<CommandRun<Report>>,
  isBusy: (made: CommandRun<Report>) => boolean,
): Promise<CommandRun<Report>> {
  for (let count = 1; ; count += 1) {
    const made = await run();
    if (count === maxRuns || !isBusy(made)) return made;
    console.log("  again: the machine was too busy to judge this run");
  }
}
