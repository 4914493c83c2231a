import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { takePorts } from "../bench/ports.js";
import { startPosta } from "../bench/processes.js";
import type { Summary } from "../report/summary.js";
import { type CommandRun, runCommand, runUntilJudged } from "./run-command.js";

/*
 * perf-smoke against a real Posta, which breaks neither of two rows; against the same behind a slow network, and against
 * one that refuses every job at once: each must fail, and name its row.
 */

const delayMs = 125;
const [slowRow, errorRow] = ["Queue add, P50", "Error rate"];

type Run = CommandRun<Pick<Summary, "verdict" | "rows">>;

/** Passes connections on, and answers back later than they came. */
async function startSlowNetwork(to: number, port: number): Promise<() => void> {
  const server = createServer((socket) => {
    const onward = connect(to, "127.0.0.1");
    for (const end of [socket, onward]) end.on("error", () => {});
    socket.pipe(onward);
    onward.on("data", (chunk) => void sleep(delayMs).then(() => socket.write(chunk)));
    socket.on("close", () => onward.destroy());
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return () => server.close();
}

/** Runs perf-smoke, again where the machine was too busy to judge the row that matters here. */
function runSmoke(target: number, http: number): Promise<Run> {
  const settings = {
    TARGET: `127.0.0.1:${target}`,
    HTTP_TARGET: `http://127.0.0.1:${http}`,
    DURATION: "1s",
    ROUNDS: "1",
    ONLY: "queue-add,queue-add-saturation",
  };
  return runUntilJudged(
    () => runCommand(["run.ts", "smoke"], "summary.json", settings),
    (run) => verdictOf(run, slowRow) === "busy",
  );
}

/** Throws unless the suite failed for the reason that it was given. */
async function requireFailure(what: string, run: Run, row: string): Promise<void> {
  const verdict = verdictOf(run, row);
  if (run.code !== 1 || run.report?.verdict !== "critical" || verdict !== "critical")
    throw new Error(`${what}: status ${run.code}, ${run.report?.verdict}, "${row}" ${verdict}:\n${run.output}`);
  console.log(`ok: ${what}: perf-smoke failed, and named "${row}"`);
}

function verdictOf({ report }: Run, row: string): string {
  return report?.rows.find(({ name }) => name === row)?.verdict ?? "missing";
}

async function checkSlow(): Promise<void> {
  const [port, proxyPort] = [await takePorts(3), await takePorts()];
  const posta = await startPosta(port, [], { POSTA_LOG_LEVEL: "error" });
  const stopNetwork = await startSlowNetwork(port, proxyPort);
  try {
    const sound = await runSmoke(port, port + 2);
    for (const row of [slowRow, errorRow]) {
      const verdict = verdictOf(sound, row);
      if (verdict !== "met" && verdict !== "missed")
        throw new Error(`a server as it is: "${row}" is ${verdict}:\n${sound.output}`);
    }
    console.log(`ok: a server as it is: neither "${slowRow}" nor "${errorRow}" is critical`);
    await requireFailure("a slow server", await runSmoke(proxyPort, port + 2), slowRow);
  } finally {
    stopNetwork();
    await posta.stop();
  }
}

async function checkErrors(): Promise<void> {
  const port = await takePorts(3);
  const posta = await startPosta(port, [], { POSTA_QUEUE_MAX_JOB_BYTES: "10", POSTA_LOG_LEVEL: "silent" });
  try {
    await requireFailure("a server that answers errors at once", await runSmoke(port, port + 2), errorRow);
  } finally {
    await posta.stop();
  }
}

export async function checkSmoke(): Promise<void> {
  await checkSlow();
  await checkErrors();
}
