import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { median } from "../../perf/bench/figures.js";
import { runUnary } from "../../perf/bench/unary.js";
import { queueService } from "../../perf/watch/service-client.js";
import { type Finding, toFinding } from "./check.js";
import { otherPort, port } from "./ports.js";

const rounds = 3;
const load = { connections: 8, concurrency: 64, warmupMs: 300, durationMs: 1200 };
/** A log that takes more than this share of the calls makes a flood of failures worse. */
const maxCost = 0.5;

/** What logging each failed call costs. */
export interface LogCost {
  /** Failed calls a second, by round. */
  silent: number[];
  logged: number[];
  /** What came through the pipe. */
  bytes: number;
  lines: number;
  /** Lines that the log says it had to drop, and what is no JSON. */
  dropped: number;
  malformed: number;
}

/** Failed calls a second without a log and with one to a pipe, round by round in turn. */
export async function checkLogCost(): Promise<Finding> {
  const silent = start(port, "silent");
  const logged = start(otherPort, "warn");
  const pipe = new LogPipe(logged.stderr as Readable);
  try {
    await Promise.all([untilReady(silent), untilReady(logged)]);
    const cost: LogCost = { silent: [], logged: [], bytes: 0, lines: 0, dropped: 0, malformed: 0 };
    for (let round = 0; round < rounds; round += 1) {
      cost.silent.push(await failCalls(port));
      cost.logged.push(await failCalls(otherPort));
    }
    return judgeLogCost({ ...cost, ...pipe.seen });
  } finally {
    await Promise.all([stop(silent), stop(logged)]);
  }
}

export function judgeLogCost({ silent, logged, bytes, lines, dropped, malformed }: LogCost): Finding {
  const cost = 1 - median(logged) / median(silent);
  const rate = (values: number[]) => Math.round(median(values)).toLocaleString("en");
  const evidence = [
    `${rate(silent)} failed calls/s without a log, ${rate(logged)} with one to a pipe (${describeCost(cost)})`,
    `${Math.round(bytes / lines)} bytes a line`,
    `of ${lines.toLocaleString("en")} lines ${malformed} malformed, ${dropped} more dropped`,
  ];
  const sound = lines > 0 && malformed === 0 && cost <= maxCost;
  return toFinding(sound, evidence.join("; "), "raise POSTA_LOG_LEVEL, or see what reads the log so slowly");
}

function describeCost(cost: number): string {
  return `${Math.round(Math.abs(cost) * 100)}% ${cost < 0 ? "more" : "fewer"}`;
}

/** Reads a log as fast as it comes. */
class LogPipe {
  readonly seen = { bytes: 0, lines: 0, dropped: 0, malformed: 0 };
  private rest = "";

  constructor(pipe: Readable) {
    pipe.setEncoding("utf8").on("data", (chunk: string) => this.read(chunk));
  }

  private read(chunk: string): void {
    const lines = (this.rest + chunk).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.count(line);
  }

  /** A line is looked at, not parsed: the reader shares its machine with the service. */
  private count(line: string): void {
    const [, dropped] = /"msg":"(\d+) log lines were dropped"/.exec(line) ?? [];
    if (dropped) {
      this.seen.dropped += Number(dropped);
      return;
    }
    this.seen.lines += 1;
    this.seen.bytes += Buffer.byteLength(line) + 1;
    if (!line.startsWith('{"level":') || !line.endsWith("}")) this.seen.malformed += 1;
  }
}

/** Calls a second that are refused for a bad name, which costs little but the log. */
async function failCalls(target: number): Promise<number> {
  const request = { queue: "not:a:queue", job: { name: "preflight" } };
  const { perSecond, failures } = await runUnary(target, queueService, "AddJob", request, load);
  if (failures === 0) throw new Error("calls that must fail do not");
  return perSecond;
}

function start(target: number, level: string): ChildProcess {
  const script = fileURLToPath(new URL("../../perf/watch/logged-posta.ts", import.meta.url));
  const args = ["--import", "tsx", script, String(target), JSON.stringify({ POSTA_LOG_LEVEL: level })];
  return spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] });
}

async function untilReady(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`a cluster ended with code ${code} before it was ready`);
  });
  await Promise.race([once(child.stdout as Readable, "data"), ended]);
  ended.catch(() => {});
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, "exit");
  child.stdin?.end();
  await gone;
}
