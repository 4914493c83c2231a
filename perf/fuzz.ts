/**
 * `make fuzz`: sends a private Posta what callers should send and what they should not, on every method of the contract and every
 * way to it, and judges what comes back. SEED=n makes the same cases again, DURATION=60s says how long, ONLY=<method> which
 * method, REPLAY=<file> sends one case. Exit status 1: a rule was broken.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Tokens } from "./fuzz/callers.js";
import { Contract } from "./fuzz/contract.js";
import { FaultBook } from "./fuzz/fault-book.js";
import { type FuzzReport, formatFuzzReport, writeFuzzReport } from "./fuzz/fuzz-report.js";
import { FuzzRun } from "./fuzz/fuzz-run.js";
import { FuzzWorker } from "./fuzz/fuzz-worker.js";
import { judgeLine } from "./fuzz/judge-log.js";
import { judgeWatch } from "./fuzz/judge-watch.js";
import { readLimits } from "./fuzz/limits.js";
import { type FuzzOptions, readOptions } from "./fuzz/options.js";
import { runHeavy, runStorm } from "./fuzz/phases.js";
import { SeenValues } from "./fuzz/seen-values.js";
import { startFuzzTarget } from "./fuzz/target.js";
import { Watch } from "./fuzz/watch.js";
import { makeFolder } from "./report/summary.js";

/** The large requests get this share of the time. */
const heavyShare = 0.4;
/** After the last call memory may come back for so long. */
const settleMs = 5000;

async function fuzz(options: FuzzOptions, contract: Contract): Promise<boolean> {
  const { seed, seconds } = options;
  const folder = makeFolder("fuzz", new Date(), process.env.RESULTS);
  const [book, tokens, limits] = [new FaultBook(folder, seed), new Tokens(), readLimits()];
  const target = await startFuzzTarget(tokens, (line) => book.add(judgeLine(line, tokens.secrets)));
  const watch = new Watch(target, limits.liveness.answerMs);
  const worker = new FuzzWorker(target.queueSocket);
  const run = new FuzzRun({ target, contract, tokens, seen: new SeenValues(), book, limits });
  try {
    await watch.start();
    if (options.replay) return await showReplay(run, options, book);
    console.error(`fuzz: seed ${seed}, ${seconds} s, ${options.methods.length} methods`);
    const heavy = await runHeavy(run, options, seconds * heavyShare, book);
    await runStorm(run, options, seconds * (1 - heavyShare), book);
    await sleep(settleMs);
    await watch.stop();
    book.add(judgeWatch(watch.record, limits));
    const worst = { answer: run.costs.answer.list(8), cpu: run.costs.cpu.list(8) };
    const { calls, ends } = run;
    const report: FuzzReport = { seed, seconds, calls, heavy, faults: book.all, worst, watch: watch.record, ends };
    writeFuzzReport(folder, report);
    console.log(formatFuzzReport(report, folder));
    return book.all.length === 0;
  } finally {
    await watch.stop();
    await worker.stop();
    run.close();
    await target.stop();
  }
}

async function showReplay(run: FuzzRun, { replay }: FuzzOptions, book: FaultBook): Promise<boolean> {
  if (!replay) return true;
  const { body, plan: _, ...observation } = await run.run(replay);
  console.log(observation, body.subarray(0, 1000).toString());
  for (const { rule, text } of book.all) console.log(`FAULT ${rule}: ${text}`);
  return book.all.length === 0;
}

try {
  const contract = new Contract();
  const isSound = await fuzz(readOptions(process.env, contract.methods), contract);
  process.exitCode = isSound ? 0 : 1;
} catch (error) {
  console.error(`fuzz: ${(error as Error).message}`);
  process.exitCode = 1;
}
