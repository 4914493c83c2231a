import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import type { User } from "../../cluster/embedded/postgres-user.js";
import { takePorts } from "../../perf/bench/ports.js";
import { readConfig } from "../../src/config/config.js";
import { createServer } from "../../src/process/server.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { TestClient } from "./client.js";
import { createDatabase } from "./postgres.js";

type Env = Record<string, string>;

/** A port on loopback that nobody else takes before the caller binds it (see {@link takePorts}). */
export function freePort(): Promise<number> {
  return takePorts();
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A key prefix that no other test uses. */
export function freshPrefix(): string {
  return `t${randomBytes(6).toString("hex")}`;
}

/** Nobody listens there: without PostgreSQL a server takes jobs only as long as Redis does. */
export const noDatabase = "postgresql:///posta?host=/nonexistent";

/** One server in this process, with a client; `env` holds settings as the environment would. It has no PostgreSQL. */
export async function startServer(redisUrl: string, env: Env = {}) {
  const prefix = freshPrefix();
  const port = await freePort();
  const httpPort = await freePort();
  const config = readConfig({
    POSTA_QUEUE_REDIS_URL: redisUrl,
    POSTA_DATABASE_URL: noDatabase,
    POSTA_QUEUE_PREFIX: prefix,
    POSTA_ANALYTICS_REDIS_URL: redisUrl,
    POSTA_ANALYTICS_PREFIX: `${prefix}a`,
    POSTA_GRPC_PORT: String(port),
    POSTA_HTTP_PORT: String(httpPort),
    POSTA_LOG_LEVEL: "silent",
    ...env,
  });
  let onServing: (serving: boolean) => void = () => {};
  const unfit: Error[] = [];
  const server = createServer(config, createLog("test", config.logLevel), {
    onServing: (serving) => onServing(serving),
    onUnfit: (error) => unfit.push(error),
  });
  /** Resolves when the server next says so. */
  const untilServing = (wanted: boolean) =>
    new Promise<void>((resolve) => {
      onServing = (serving) => serving === wanted && resolve();
    });
  const serving = untilServing(true);
  await server.start();
  const client = new TestClient(`127.0.0.1:${port}`);
  return {
    client,
    config,
    port,
    httpUrl: `${config.tlsCertFile ? "https" : "http"}://127.0.0.1:${httpPort}`,
    prefix,
    metrics: server.metrics,
    /** What made the server unfit. */
    unfit,
    serving,
    untilServing,
    async stop() {
      client.close();
      await server.stop();
    },
  };
}

/** The value of a server's metric that has no labels. */
export async function gaugeOf({ metrics }: Awaited<ReturnType<typeof startServer>>, name: string): Promise<number> {
  return Number((await metrics.getSingleMetric(name)?.get())?.values[0]?.value);
}

const builtMain = fileURLToPath(new URL("../../dist/cluster/main.js", import.meta.url));

/**
 * Stores for what a test does not look at: starting some of its own would take longest. The servers are shared, and the
 * database and the keys are the cluster's own: an installation has one of each.
 */
async function lendStores(env: Env): Promise<{ lent: Env; giveBack(): Promise<void> }> {
  if (env.POSTA_QUEUE_REDIS_URL === undefined) return { lent: {}, async giveBack() {} };
  const lent: Env = {};
  if (env.POSTA_ANALYTICS_REDIS_URL === undefined) {
    Object.assign(lent, { POSTA_ANALYTICS_REDIS_URL: inject("redisUrl"), POSTA_ANALYTICS_PREFIX: freshPrefix() });
  }
  if (env.POSTA_QUEUE_REDIS_URL === inject("redisUrl")) lent.POSTA_QUEUE_PREFIX = freshPrefix();
  if (env.POSTA_DATABASE_URL !== undefined) return { lent, async giveBack() {} };
  const database = await createDatabase();
  return { lent: { ...lent, POSTA_DATABASE_URL: database.url }, giveBack: () => database.drop() };
}

interface ClusterHealth {
  status: "OK" | "DEGRADED" | "DOWN";
  servers: { pid: number; serving: boolean }[];
  deliveries: { pid: number; serving: boolean }[];
  checks: { name: string; status: string; detail: string }[];
}

/**
 * A whole cluster in processes of its own, as `make up` starts it; without a queue's Redis in `env` all its stores are
 * embedded, but for those that `env` names.
 */
export interface TestCluster {
  readonly process: ChildProcess;
  readonly port: number;
  readonly httpUrl: string;
  readonly adminUrl: string;
  readonly dataDir: string;
  /** All that it printed so far, on both outputs. */
  output(): string;
  /** Resolves when the output first matches. Rejects if the process ends before. */
  untilOutput(pattern: RegExp): Promise<void>;
  /** Resolves to its exit code and signal. */
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;
  /** What /healthz says. */
  health(): Promise<ClusterHealth>;
  /** Process ids of the server processes, from /healthz. */
  serverPids(): Promise<number[]>;
  /** SIGTERM, and away with its data. */
  stop(): Promise<void>;
}

/** In a terminal whose leader keeps to itself that it is gone, as make does. It is gone when this process is killed. */
const inTerminal = (main: string) => [
  "script",
  "-qec",
  `trap '' HUP; '${process.execPath}' '${main}' & wait`,
  "/dev/null",
];

interface StartOptions {
  ready?: boolean;
  user?: User;
  terminal?: boolean;
  /** The program; this tree's build if absent. */
  main?: string;
}

/** Starts a cluster and waits for its line, unless `ready` is false. */
export async function startCluster(
  env: Env = {},
  { ready = true, user = {}, terminal = false, main = builtMain }: StartOptions = {},
): Promise<TestCluster> {
  const port = Number(env.POSTA_GRPC_PORT ?? (await freePort()));
  const httpPort = Number(env.POSTA_HTTP_PORT ?? (await freePort()));
  const adminPort = Number(env.POSTA_ADMIN_PORT ?? (await freePort()));
  const dataDir = env.POSTA_DATA_DIR ?? mkdtempSync(join(tmpdir(), "posta-test-"));
  const { lent, giveBack } = await lendStores(env);
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("POSTA_")));
  const [command, ...args] = terminal ? inTerminal(main) : [process.execPath, main];
  const child = spawn(command as string, args, {
    env: {
      ...inherited,
      POSTA_GRPC_PORT: String(port),
      POSTA_HTTP_PORT: String(httpPort),
      POSTA_ADMIN_PORT: String(adminPort),
      POSTA_DATA_DIR: dataDir,
      POSTA_SERVERS: "2",
      ...lent,
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
    ...user,
  });
  let output = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
      for (const check of waiting) check();
    });
  }
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const cluster: TestCluster = {
    process: child,
    port,
    httpUrl: `http://127.0.0.1:${httpPort}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    dataDir,
    ended,
    output: () => output,
    untilOutput(pattern) {
      return new Promise((resolve, reject) => {
        const check = () => {
          if (!pattern.test(output)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
        void ended.then(() =>
          setImmediate(() => (pattern.test(output) ? resolve() : reject(new Error(`it ended:\n${output}`)))),
        );
      });
    },
    async serverPids() {
      return (await cluster.health()).servers.map(({ pid }) => pid);
    },
    async health() {
      return (await (await fetch(`${cluster.adminUrl}/healthz`)).json()) as ClusterHealth;
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await ended;
      await giveBack();
      if (env.POSTA_DATA_DIR === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
  if (ready) await cluster.untilOutput(/^posta: gRPC/m);
  return cluster;
}
