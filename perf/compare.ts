/**
 * `make perf-compare BASE=<commit or summary.json>`: this tree against another commit. Both run at once and are measured in
 * turn, round by round: figures wander with the machine, but their ratio within a round does so less. ROUNDS=15 for
 * narrower intervals, ONLY=AddJob,GetJob for some loads. Exit status 1: a figure is worse.
 */
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { takePorts } from "./bench/ports.js";
import { type Running, startPosta } from "./bench/processes.js";
import { type Figures, type Measure, measureSide, measures, type Side, timing } from "./compare/measures.js";
import { type Compared, compareFigures, describeCompared, tolerance } from "./compare/verdict.js";
import { requireGhz } from "./ghz/ghz.js";
import { Progress } from "./report/progress.js";
import { makeFolder } from "./report/summary.js";
import { slowArguments } from "./selftest/slow.js";
import { buildCommit, readBase } from "./watch/build.js";
import { PerfClient } from "./watch/client.js";

type Rounds = Record<Side["name"], Figures[]>;

/** What ghz and a round's clearing take beside the load itself. */
const aroundSeconds = 1.2;

function pickMeasures(only: string | undefined): Measure[] {
  const names = (only ?? "").split(",").filter(Boolean);
  const unknown = names.find((name) => !measures.some((one) => one.name === name));
  if (unknown)
    throw new Error(`ONLY: there is no load ${unknown}; use some of ${measures.map(({ name }) => name).join(",")}`);
  return names.length === 0 ? measures : measures.filter(({ name }) => names.includes(name));
}

function readRounds(text: string | undefined): number {
  const rounds = Number(text || 7);
  if (Number.isInteger(rounds) && rounds >= 2 && rounds <= 100) return rounds;
  throw new Error(`ROUNDS: ${text} is no number of rounds from 2 to 100`);
}

async function runRounds(rounds: number, picked: Measure[], sides: Side[], progress: Progress, folder: string) {
  const clients = sides.map(({ port }) => new PerfClient(`127.0.0.1:${port}`));
  const found = new Map<string, Rounds>(picked.map(({ name }) => [name, { base: [], current: [] }]));
  const seconds = picked.length * 2 * (timing.seconds + timing.warmupSeconds + aroundSeconds);
  try {
    for (const client of clients) await client.seed();
    // Not measured: a process that is new compiles while it works.
    await progress.during("warm-up", seconds, async () => {
      for (const one of picked) for (const side of sides) await measureSide(side, one, folder);
    });
    for (let round = 0; round < rounds; round += 1) {
      // Who goes first alternates: what the first leaves behind must not always fall to the same.
      const order = round % 2 === 0 ? sides : sides.toReversed();
      await progress.during(`round ${round + 1}/${rounds}`, seconds, async () => {
        for (const one of picked) {
          for (const side of order) found.get(one.name)?.[side.name].push(await measureSide(side, one, folder));
          await Promise.all(clients.map((client) => client.clear()));
        }
      });
    }
    return found;
  } finally {
    for (const client of clients) client.close();
  }
}

/** Starts both builds. `running` gets what to stop, also if the second does not start. */
async function startSides(main: string | undefined, running: Running[]): Promise<Side[]> {
  const settings = { POSTA_WHATSAPP_SENDERS: "100000000000001", POSTA_LOG_LEVEL: "error" };
  const sides: Side[] = [];
  for (const name of ["base", "current"] as const) {
    const port = await takePorts(3);
    const isBase = name === "base";
    const posta = await startPosta(port, isBase ? [] : slowArguments(), settings, isBase ? main : undefined);
    running.push(posta);
    sides.push({ name, port, pid: posta.pid });
  }
  return sides;
}

interface Comparison {
  rounds: number;
  main: string | undefined;
  progress: Progress;
  folder: string;
}

/** Starts both builds, and compares them by the picked loads. */
async function compareOnce(picked: Measure[], { rounds, main, progress, folder }: Comparison): Promise<Compared[]> {
  const running: Running[] = [];
  try {
    const found = await runRounds(rounds, picked, await startSides(main, running), progress, folder);
    return [...found].flatMap(([name, { base, current }]) => compareFigures(name, base, current));
  } finally {
    await Promise.all(running.map((posta) => posta.stop()));
  }
}

/**
 * Compares the loads of the figures that are worse once more, with both builds started anew: two starts of one build may
 * differ by a tenth for as long as they run. What is worse in only one of the two comparisons is no fault of the build.
 */
async function confirm(compared: Compared[], picked: Measure[], comparison: Comparison): Promise<Compared[]> {
  const worse = compared.filter(({ verdict }) => verdict === "WORSE");
  if (worse.length === 0) return compared;
  const names = picked.filter((one) => worse.some(({ name }) => name.startsWith(`${one.name}, `)));
  comparison.progress.say(
    `${worse.map(({ name }) => name).join("; ")}: worse; once more, with both builds started anew`,
  );
  const again = await compareOnce(names, comparison);
  const loadOf = ({ name }: Compared) => picked.find((one) => name.startsWith(`${one.name}, `))?.name;
  const isConfirmed = (one: Compared) =>
    again.some((other) => loadOf(other) === loadOf(one) && other.verdict === "WORSE");
  return compared.map((one) =>
    one.verdict === "WORSE" && !isConfirmed(one) ? { ...one, verdict: "worse in one of two starts" } : one,
  );
}

async function compare(): Promise<Compared[]> {
  requireGhz();
  const [rounds, picked] = [readRounds(process.env.ROUNDS), pickMeasures(process.env.ONLY)];
  const progress = new Progress();
  const isOwn = process.env.BASE === "this";
  const commit = isOwn ? "this tree" : readBase(process.env.BASE);
  progress.say(`perf-compare: this tree against ${commit.slice(0, 12)}`);
  const build = isOwn ? undefined : buildCommit(commit);
  try {
    const folder = makeFolder("compare", new Date(), process.env.RESULTS);
    const comparison = { rounds, main: build?.main, progress, folder };
    const compared = await confirm(await compareOnce(picked, comparison), picked, comparison);
    writeFileSync(join(folder, "compare.json"), JSON.stringify({ base: commit, rounds, compared }, null, 1));
    console.log(`\nmedians of ${rounds} rounds, base -> this tree, and their ratio with its 95% confidence interval`);
    for (const one of compared) console.log(describeCompared(one));
    console.log(`written: ${basename(folder)}/compare.json`);
    return compared;
  } finally {
    build?.remove();
  }
}

try {
  const worse = (await compare()).filter(({ verdict }) => verdict === "WORSE");
  if (worse.length > 0) {
    console.log(`FAILED: worse by more than ${tolerance * 100}%: ${worse.map(({ name }) => name).join("; ")}`);
    process.exitCode = 1;
  } else console.log(`ok: nothing is worse by more than ${tolerance * 100}%`);
} catch (error) {
  console.error(`perf-compare: ${(error as Error).message}`);
  process.exitCode = 1;
}
