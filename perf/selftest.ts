/**
 * `make perf-selftest`: shows that the suites can fail. Runs perf-smoke against a real Posta, which breaks neither of two rows;
 * against the same behind a slow network, and against one that refuses every job at once: each must fail, and name its row.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startPosta } from "./bench/processes.js";

const port = 20091;
const proxyPort = 20094;
const delayMs = 125;
const [slowRow, errorRow] = ["Queue add, P50", "Error rate"];
/** How often a run is made that the machine spoils. */
const maxTurns = 3;

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

/** The exit status and the output of perf-smoke against a server. */
async function runSmoke(target: string): Promise<{ code: number; output: string }> {
  // Kept apart: these reports speak of servers that were made bad.
  const RESULTS = mkdtempSync(join(tmpdir(), "posta-selftest-"));
  const HTTP_TARGET = `http://127.0.0.1:${port + 2}`;
  const env = { ...process.env, RESULTS, TARGET: target, HTTP_TARGET, DURATION: "1s", ROUNDS: "1" };
  const run = fileURLToPath(new URL("./run.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", run, "smoke"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  rmSync(RESULTS, { recursive: true, force: true });
  return { code: code as number, output };
}

/** The same, but not of a run whose figures are not to be used: a generator that was starved proves nothing. */
async function runSound(what: string, target: string): Promise<{ code: number; output: string }> {
  for (let turn = 1; turn <= maxTurns; turn += 1) {
    const outcome = await runSmoke(target);
    if (!outcome.output.includes("BROKEN RUN")) return outcome;
    console.log(`again: ${what}: the machine was too busy for it`);
  }
  throw new Error(`${what}: ${maxTurns} runs of perf-smoke were broken`);
}

/** Throws unless the suite failed for the reason that it was given. */
async function requireFailure(what: string, target: string, row: string): Promise<void> {
  const { code, output } = await runSound(what, target);
  if (code === 1 && breaks(output, row)) return console.log(`ok: ${what}: perf-smoke failed, and named "${row}"`);
  throw new Error(`${what}: perf-smoke ended with status ${code}, and "${row}" was to be CRITICAL in:\n${output}`);
}

/** Throws if a server that has neither fault is accused of one: then what follows would show nothing. */
async function requireInnocence(what: string, target: string): Promise<void> {
  const { output } = await runSound(what, target);
  const accused = [slowRow, errorRow].filter((row) => breaks(output, row));
  if (accused.length > 0) throw new Error(`${what}: "${accused}" is CRITICAL without a cause in:\n${output}`);
  console.log(`ok: ${what}: neither "${slowRow}" nor "${errorRow}" is critical`);
}

function breaks(output: string, row: string): boolean {
  return output.split("\n").some((line) => line.startsWith(row) && line.includes("CRITICAL"));
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
  const posta = await startPosta(port, [], { POSTA_MAX_JOB_BYTES: "10", POSTA_LOG_LEVEL: "silent" });
  try {
    await requireFailure("a server that answers errors at once", `127.0.0.1:${port}`, errorRow);
  } finally {
    await posta.stop();
  }
}

await checkSlow();
await checkErrors();
