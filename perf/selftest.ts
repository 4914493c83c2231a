/**
 * `make perf-selftest`: shows that the suites can fail. Runs perf-smoke against a real Posta, which breaks neither of two rows;
 * against the same behind a slow network, and against one that refuses every job at once: each must fail, and name its row.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { endWithThis, makeFolderUntilEnd } from "./bench/children.js";
import { takePorts } from "./bench/ports.js";
import { startPosta } from "./bench/processes.js";
import { starved } from "./judge/measure.js";
import type { Summary } from "./report/summary.js";

const port = await takePorts(3);
const proxyPort = await takePorts();
const delayMs = 125;
const [slowRow, errorRow] = ["Queue add, P50", "Error rate"];
/** How often a run is made that the machine spoils. */
const maxTurns = 5;

/** Passes connections on, and answers back later than they came. */
async function startSlowNetwork(): Promise<() => void> {
  const server = createServer((socket) => {
    const onward = connect(port, "127.0.0.1");
    for (const end of [socket, onward]) end.on("error", () => {});
    socket.pipe(onward);
    onward.on("data", (chunk) => void sleep(delayMs).then(() => socket.write(chunk)));
    socket.on("close", () => onward.destroy());
  }).listen(proxyPort, "127.0.0.1");
  await once(server, "listening");
  return () => server.close();
}

/** A run of perf-smoke against a server. */
interface Run {
  code: number;
  output: string;
  /** undefined: there is none. */
  summary: Pick<Summary, "verdict" | "broken" | "rows"> | undefined;
}

async function runSmoke(target: string): Promise<Run> {
  // Kept apart: these reports speak of servers that were made bad.
  const RESULTS = makeFolderUntilEnd("posta-selftest-");
  const HTTP_TARGET = `http://127.0.0.1:${port + 2}`;
  const env = { ...process.env, RESULTS, TARGET: target, HTTP_TARGET, DURATION: "1s", ROUNDS: "1" };
  const run = fileURLToPath(new URL("./run.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", run, "smoke"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  endWithThis(child);
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  const [folder = ""] = readdirSync(RESULTS);
  const file = join(RESULTS, folder, "summary.json");
  const summary = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  rmSync(RESULTS, { recursive: true, force: true });
  return { code: code as number, output, summary };
}

/** The same, again where the machine spoilt it: by a load generator that was starved, which proves nothing, or as `isSpoilt` says. */
async function runSound(what: string, target: string, isSpoilt = (_: Run) => false): Promise<Run> {
  for (let turn = 1; ; turn += 1) {
    const run = await runSmoke(target);
    const { broken = [] } = run.summary ?? {};
    const isStarved = broken.length > 0 && broken.every((fault) => fault.includes(starved));
    if (turn === maxTurns || !(isStarved || isSpoilt(run))) return run;
    console.log(
      `again: ${what}: ${broken[0] ?? `"${slowRow}" is critical on a busy machine, or before all is compiled`}`,
    );
  }
}

/** Throws unless the suite failed for the reason that it was given. */
async function requireFailure(what: string, target: string, row: string): Promise<void> {
  const { code, output, summary } = await runSound(what, target);
  const verdict = verdictOf(summary, row);
  if (code !== 1 || summary?.verdict !== "critical" || verdict !== "critical")
    throw new Error(`${what}: status ${code}, ${summary?.verdict}, "${row}" ${verdict}:\n${output}`);
  console.log(`ok: ${what}: perf-smoke failed, and named "${row}"`);
}

/** Throws unless rows that a server does not break were measured, and are not critical: else what follows would show nothing. */
async function requireInnocence(what: string, target: string): Promise<void> {
  const isSlow = ({ summary: found }: Run) => verdictOf(found, slowRow) === "critical";
  const { output, summary } = await runSound(what, target, isSlow);
  for (const row of [slowRow, errorRow]) {
    const verdict = verdictOf(summary, row);
    if (verdict !== "met" && verdict !== "missed") throw new Error(`${what}: "${row}" is ${verdict}:\n${output}`);
  }
  console.log(`ok: ${what}: neither "${slowRow}" nor "${errorRow}" is critical`);
}

function verdictOf(summary: Run["summary"], row: string): string {
  return summary?.rows.find(({ name }) => name === row)?.verdict ?? "missing";
}

async function checkSlow(): Promise<void> {
  const posta = await startPosta(port, [], { POSTA_LOG_LEVEL: "error" });
  const stopNetwork = await startSlowNetwork();
  try {
    await requireInnocence("a server as it is", `127.0.0.1:${port}`);
    await requireFailure("a slow server", `127.0.0.1:${proxyPort}`, slowRow);
  } finally {
    stopNetwork();
    await posta.stop();
  }
}

async function checkErrors(): Promise<void> {
  const posta = await startPosta(port, [], { POSTA_QUEUE_MAX_JOB_BYTES: "10", POSTA_LOG_LEVEL: "silent" });
  try {
    await requireFailure("a server that answers errors at once", `127.0.0.1:${port}`, errorRow);
  } finally {
    await posta.stop();
  }
}

await checkSlow();
await checkErrors();
