/**
 * `make preflight`: the guide's list "Before Deployment" as a command, a line for each item with its evidence. Loads are
 * read from what the suites left in perf/results/; the rest is done now, on private clusters. ONLY=memory,log (or
 * --only=) runs the items that have one of the words in their name. Exit status 1: an item FAILED.
 */
import { fileURLToPath } from "node:url";
import { Progress } from "../perf/report/progress.js";
import { readCommit } from "../perf/watch/code.js";
import { type Check, type Finding, formatLine, formatTodo, selectChecks } from "./preflight/check.js";
import { checkCpuProfile } from "./preflight/cpu-profile.js";
import { checkDataVolume } from "./preflight/data-volume.js";
import { checkQueries } from "./preflight/database-queries.js";
import { judgeLoadTests, judgeRow } from "./preflight/load-evidence.js";
import { checkLogCost } from "./preflight/log-cost.js";
import { checkOutage } from "./preflight/outage.js";
import { checkLimits } from "./preflight/rate-limit.js";
import { checkRecovery } from "./preflight/recovery.js";
import { readSummaries } from "./preflight/summaries.js";

const results = fileURLToPath(new URL("../perf/results", import.meta.url));
const evidence = () => ({ summaries: readSummaries(results), now: new Date(), commit: readCommit() });

const checks: Check[] = [
  { name: "Run load tests", seconds: 0, run: () => judgeLoadTests(evidence()) },
  {
    name: "Check memory under load",
    seconds: 0,
    run: () => judgeRow(evidence(), "memory", "look for what grows with `make profile-leaks`"),
  },
  {
    name: "Verify error rates < 1%",
    seconds: 0,
    run: () =>
      judgeRow(evidence(), "error-rate", "the report of that suite names the errors; the log has their causes"),
  },
  { name: "Profile CPU usage", seconds: 10, run: () => checkCpuProfile(results) },
  { name: "Test recovery from failures", seconds: 12, run: checkRecovery },
  { name: "Outlast an outage of Redis", seconds: 45, run: checkOutage },
  { name: "Validate rate limiting", seconds: 12, run: checkLimits },
  { name: "Check log performance", seconds: 15, run: checkLogCost },
  { name: "Review database queries", seconds: 40, run: checkQueries },
  { name: "Test with production data volume", seconds: 30, run: checkDataVolume },
];

const progress = new Progress();

async function run(check: Check): Promise<Finding> {
  try {
    if (check.seconds === 0) return await check.run();
    return await progress.during(check.name, check.seconds, async () => check.run());
  } catch (error) {
    return { verdict: "FAILED", evidence: (error as Error).message, todo: "mend what kept it from running" };
  }
}

async function runAll(): Promise<number> {
  const option = process.argv.find((argument) => argument.startsWith("--only="))?.slice("--only=".length);
  const outcomes: { check: Check; finding: Finding }[] = [];
  for (const check of selectChecks(checks, option ?? process.env.ONLY)) {
    const finding = await run(check);
    console.log(formatLine(check, finding));
    outcomes.push({ check, finding });
  }
  for (const line of formatTodo(outcomes)) console.log(line);
  const count = (verdict: Finding["verdict"]) => outcomes.filter(({ finding }) => finding.verdict === verdict).length;
  const failed = count("FAILED");
  const warnings = count("warning") > 0 ? ` (${count("warning")} with a warning)` : "";
  console.log(`\npreflight: ${failed === 0 ? "nothing" : `${failed} of ${outcomes.length}`} FAILED${warnings}`);
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await runAll();
} catch (error) {
  console.error(`preflight: ${(error as Error).message}`);
  process.exitCode = 1;
}
