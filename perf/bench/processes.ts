import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { memoryOf, readUsage } from "../watch/processes.js";
import { endWithThis, makeFolderUntilEnd } from "./children.js";

export const servers = 2;
const root = fileURLToPath(new URL("../..", import.meta.url));
const tsx = ["--import", "tsx"];

/** A process of the bench that runs until it is stopped. */
export interface Running {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Runs a script of this folder with a plan on its standard input; answers the report that it prints. */
export async function runLoad<Report>(script: string, plan: object, nodeArgs: string[] = []): Promise<Report> {
  const child = spawn(process.execPath, [...nodeArgs, ...tsx, join(root, "perf/bench", script)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(plan));
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(`${script} ended with code ${code}`);
  return JSON.parse(output) as Report;
}

/**
 * A cluster of its own on an embedded Redis, with what it keeps in a folder that is removed in the end. `port` is the first of
 * three ports in a row (see ports.ts): gRPC, admin, HTTP.
 */
export async function startPosta(
  port: number,
  nodeArgs: string[] = [],
  settings: Record<string, string> = {},
  main = join(root, "dist/cluster/main.js"),
): Promise<Running & { socket: string; analyticsSocket: string; postgresDir: string; memoryMib(): number }> {
  const dataDir = makeFolderUntilEnd("posta-bench-");
  const env = {
    ...withoutSettings(process.env),
    POSTA_GRPC_PORT: String(port),
    POSTA_ADMIN_PORT: String(port + 1),
    POSTA_HTTP_PORT: String(port + 2),
    POSTA_SERVERS: String(servers),
    POSTA_DATA_DIR: dataDir,
    POSTA_LOG_LEVEL: "warn",
    ...settings,
  };
  const child = endWithThis(
    // Apart from the terminal: after its Ctrl-C our own signal would be the second one, at which Posta leaves its stores behind.
    spawn(process.execPath, [...nodeArgs, main], { env, stdio: ["ignore", "pipe", "inherit"], detached: true }),
  );
  await firstLine(child);
  return {
    pid: child.pid as number,
    socket: join(dataDir, "queue-redis/redis.sock"),
    analyticsSocket: join(dataDir, "analytics-redis/redis.sock"),
    postgresDir: join(dataDir, "postgres"),
    memoryMib: () => clusterMemoryMib(child.pid as number),
    async stop() {
      await stopProcess(child);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** What a shell has set for another Posta must not reach one that is private: its stores, its token. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("POSTA_")));
}

/** Servers that do nothing, in as many processes as Posta has: gRPC on `port`, HTTP on the next. */
export async function startBare(port: number): Promise<Running> {
  const args = [...tsx, join(root, "perf/bench/bare-server.ts"), String(port), String(servers)];
  const child = endWithThis(spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] }));
  await firstLine(child);
  return { pid: child.pid as number, stop: () => stopProcess(child) };
}

async function firstLine(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`a process of the bench ended with code ${code} before it was ready`);
  });
  await Promise.race([once(child.stdout as NodeJS.ReadableStream, "data"), ended]);
  ended.catch(() => {});
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, "exit");
  // Not again: at a second signal Posta leaves its stores behind.
  if (!child.killed) child.kill("SIGTERM");
  await Promise.race([gone, sleep(30_000, undefined, { ref: false })]);
}

function clusterMemoryMib(primary: number): number {
  return memoryOf(readUsage(primary), ["primary", "server", "delivery"]);
}
