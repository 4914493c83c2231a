/**
 * `make perf-compare BASE=<commit or summary.json>`: this tree against another commit. Both run at once and are measured in
 * turn, round by round: figures wander with the machine, but their ratio within a round does so less. ROUNDS=7 for
 * narrower intervals.
 */
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { takePorts } from "./bench/ports.js";
import { startPosta } from "./bench/processes.js";
import { requireGhz, runGhz } from "./ghz/ghz.js";
import { measure } from "./judge/measure.js";
import { compareRounds, type Ratio } from "./judge/ratio.js";
import { Progress } from "./report/progress.js";
import { makeFolder } from "./report/summary.js";
import { buildCommit, readBase } from "./watch/build.js";
import { PerfClient } from "./watch/client.js";

const ports = { current: await takePorts(3), base: await takePorts(3) };
const queueService = "posta.queue.v1.QueueService";
const seconds = 3;
const plan = { seconds, warmupSeconds: 1, connections: 8 };

/** What is compared: calls a second at saturation (more is better), or the P99 at a fixed rate (less is better). */
const measures = [
  { name: "AddJob/s", call: "AddJob", payloads: "add-job.json", concurrency: 64 },
  { name: "AddJobs of 100/s", call: "AddJobs", payloads: "add-jobs.json", concurrency: 4 },
  { name: "GetJob/s", call: "GetJob", payloads: "get-job.json", concurrency: 64 },
  { name: "GetQueue/s", call: "GetQueue", payloads: "get-queue.json", concurrency: 64 },
  { name: "AddJob P99 ms at 1000/s", call: "AddJob", payloads: "add-job.json", rate: 1000 },
];

type Side = keyof typeof ports;

async function measureSide(side: Side, { call, payloads, ...pace }: (typeof measures)[number], folder: string) {
  const calls = await runGhz({
    ...plan,
    ...pace,
    call: `${queueService}/${call}`,
    dataFile: fileURLToPath(new URL(`./ghz/payloads/${payloads}`, import.meta.url)),
    target: `127.0.0.1:${ports[side]}`,
    output: join(folder, `ghz-${side}.json`),
  });
  const { perSecond, latencyMs, failed, broken } = measure(calls, { ...plan, ...pace });
  const [fault] = broken;
  if (fault ?? failed > 0)
    throw new Error(`${side}, ${call}: ${fault ?? `${failed} calls failed`}: no figure of a broken run`);
  return "rate" in pace ? latencyMs.p99 : perSecond;
}

async function runRounds(rounds: number, folder: string, progress: Progress, clear: () => Promise<void>) {
  const values = new Map(measures.map(({ name }) => [name, { current: [] as number[], base: [] as number[] }]));
  for (let round = 0; round < rounds; round += 1) {
    // Who goes first alternates: what the first leaves behind must not always fall to the same.
    const sides: Side[] = round % 2 === 0 ? ["current", "base"] : ["base", "current"];
    await progress.during(`round ${round + 1}/${rounds}`, measures.length * 2 * (seconds + 1.5), async () => {
      for (const one of measures) {
        for (const side of sides) values.get(one.name)?.[side].push(await measureSide(side, one, folder));
        await clear();
      }
    });
  }
  return values;
}

function describe(
  name: string,
  values: { current: number[]; base: number[] },
  { ratio, from, until, differs }: Ratio,
): string {
  const better = name.includes("P99") ? ratio < 1 : ratio > 1;
  const verdict = differs ? (better ? "better" : "WORSE") : "no difference shown";
  const median = (list: number[]) => (list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] as number).toFixed(1);
  return `${name.padEnd(25)} ${median(values.base).padStart(9)} -> ${median(values.current).padStart(9)}   x ${ratio.toFixed(3)} (${from.toFixed(3)} to ${until.toFixed(3)})   ${verdict}`;
}

async function compare(): Promise<void> {
  requireGhz();
  const rounds = Number(process.env.ROUNDS ?? 5);
  if (!(Number.isInteger(rounds) && rounds >= 2 && rounds <= 100))
    throw new Error(`ROUNDS: ${process.env.ROUNDS} is no number of rounds from 2 to 100`);
  const progress = new Progress();
  const commit = readBase(process.env.BASE);
  progress.say(`perf-compare: this tree against ${commit.slice(0, 12)}; building that...`);
  const build = buildCommit(commit);
  const clients = Object.values(ports).map((port) => new PerfClient(`127.0.0.1:${port}`));
  const running: Awaited<ReturnType<typeof startPosta>>[] = [];
  try {
    running.push(await startPosta(ports.base, [], {}, build.main));
    running.push(await startPosta(ports.current));
    const folder = makeFolder("compare", new Date());
    for (const client of clients) await client.seed();
    const clear = async () => void (await Promise.all(clients.map((client) => client.clear())));
    const values = await runRounds(rounds, folder, progress, clear);
    const ratios = [...values].map(([name, sides]) => ({
      name,
      ...sides,
      ...compareRounds(sides.current, sides.base),
    }));
    writeFileSync(join(folder, "compare.json"), JSON.stringify({ base: commit, rounds, ratios }, null, 1));
    console.log(`\nmedians of ${rounds} rounds, base -> this tree, and their ratio with its 95% confidence interval`);
    for (const { name, ...one } of ratios) console.log(describe(name, one, one));
    console.log(`written: perf/results/${basename(folder)}/compare.json`);
  } finally {
    for (const client of clients) client.close();
    await Promise.all(running.map((posta) => posta.stop()));
    build.remove();
  }
}

await compare().catch((error) => {
  console.error(`perf-compare: ${(error as Error).message}`);
  process.exitCode = 1;
});
