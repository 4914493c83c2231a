import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { endWithThis, makeFolderUntilEnd } from "../bench/children.js";
import { takePorts } from "../bench/ports.js";
import { startStandIn } from "../bench/whatsapp.js";
import { ServiceClient } from "../watch/service-client.js";
import { senders, type Tokens } from "./callers.js";

/** The Posta that is fuzzed: a cluster of its own with embedded stores, callers with tokens, and a stand-in for WhatsApp. */
export interface FuzzTarget {
  /** host:port of gRPC. */
  grpc: string;
  /** Base addresses of the gateway and the admin port. */
  http: string;
  admin: string;
  primary: number;
  /** What webhooks are signed with. */
  appSecret: string;
  /** The socket of the queues' Redis, for a worker. */
  queueSocket: string;
  /** The servers' process ids, and with them those of deliveries. */
  pids(): Promise<number[]>;
  /** Undefined while the service serves, else what is wrong. */
  health(): Promise<string | undefined>;
  stop(): Promise<void>;
}

const logged = fileURLToPath(new URL("../watch/logged-posta.ts", import.meta.url));
const startMs = 60_000;

/** Starts it; `onLine` gets each line of its log. */
export async function startFuzzTarget(tokens: Tokens, onLine: (line: string) => void): Promise<FuzzTarget> {
  const folder = makeFolderUntilEnd("posta-fuzz-");
  const port = await takePorts(3);
  const appSecret = randomBytes(16).toString("hex");
  const authFile = join(folder, "callers");
  tokens.write(authFile);
  const standIn = await startStandIn(20);
  const settings = {
    ...standIn.settings,
    POSTA_WHATSAPP_SENDERS: Object.values(senders).join(","),
    POSTA_WHATSAPP_APP_SECRET: appSecret,
    POSTA_AUTH_FILE: authFile,
    POSTA_DATA_DIR: join(folder, "data"),
    POSTA_LOG_LEVEL: "info",
    POSTA_DRAIN_TIMEOUT: "3s",
  };
  const child = endWithThis(
    spawn(process.execPath, ["--import", "tsx", logged, String(port), JSON.stringify(settings)], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    }),
  );
  createInterface(child.stderr as NodeJS.ReadableStream).on("line", onLine);
  const gone = once(child, "exit");
  await Promise.race([
    once(child.stdout as NodeJS.ReadableStream, "data"),
    gone.then(() => Promise.reject(new Error("Posta does not start"))),
  ]);
  const admin = `http://127.0.0.1:${port + 1}`;
  const client = new ServiceClient(`127.0.0.1:${port}`, "grpc.health.v1.Health");
  const pids = async () => processIds(await readHealth(admin));
  await untilHealthy(admin);
  const [anyServer = 0] = await pids();
  return {
    grpc: `127.0.0.1:${port}`,
    http: `http://127.0.0.1:${port + 2}`,
    admin,
    primary: parentOf(anyServer),
    appSecret,
    queueSocket: join(folder, "data/queue-redis/redis.sock"),
    pids,
    async health() {
      const { status } = await client.call<{ status: string }>("Check", { service: "" }, 5000);
      return status === "SERVING" ? undefined : `health says ${status}`;
    },
    async stop() {
      client.close();
      child.stdin?.end();
      await gone;
      await standIn.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface ClusterHealth {
  status: string;
  servers: { pid: number }[];
  deliveries: { pid: number }[];
}

async function readHealth(admin: string): Promise<ClusterHealth> {
  const answer = await fetch(`${admin}/healthz`, { signal: AbortSignal.timeout(5000) });
  return (await answer.json()) as ClusterHealth;
}

function processIds({ servers, deliveries }: ClusterHealth): number[] {
  return [...servers, ...deliveries].map(({ pid }) => pid).sort();
}

async function untilHealthy(admin: string): Promise<void> {
  const until = Date.now() + startMs;
  while ((await readHealth(admin)).status !== "OK") {
    if (Date.now() > until) throw new Error(`Posta is not healthy after ${startMs / 1000} s`);
    await sleep(100);
  }
}

function parentOf(pid: number): number {
  const [, parent] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(parent);
}
