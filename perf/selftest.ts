/**
 * `make perf-selftest`: shows that the suites can fail. Runs perf-smoke against a real Posta behind a slow network, and
 * against one that refuses every job at once: each must fail, and name the row that broke.
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

/** Throws unless the suite failed for the reason that it was given. */
function requireFailure(what: string, { code, output }: { code: number; output: string }, row: RegExp): void {
  if (code === 1 && row.test(output)) {
    console.log(`ok: ${what}: perf-smoke failed, and named ${row.source.split("\\")[0]}`);
    return;
  }
  throw new Error(`${what}: perf-smoke ended with status ${code}, and ${row} was looked for in:\n${output}`);
}

async function checkSlow(): Promise<void> {
  const posta = await startPosta(port);
  const stopNetwork = await startSlowNetwork();
  try {
    requireFailure("a slow server", await runSmoke(`127.0.0.1:${proxyPort}`), /Queue add, P50\s.*CRITICAL/);
  } finally {
    stopNetwork();
    await posta.stop();
  }
}

async function checkErrors(): Promise<void> {
  const posta = await startPosta(port, [], { POSTA_MAX_JOB_BYTES: "10", POSTA_LOG_LEVEL: "silent" });
  try {
    requireFailure(
      "a server that answers errors at once",
      await runSmoke(`127.0.0.1:${port}`),
      /Error rate\s.*CRITICAL/,
    );
  } finally {
    await posta.stop();
  }
}

await checkSlow();
await checkErrors();
