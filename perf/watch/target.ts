import { setTimeout as sleep } from "node:timers/promises";
import { takePorts } from "../bench/ports.js";
import { startPosta } from "../bench/processes.js";
import { slowArguments } from "../selftest/slow.js";

/** The service under load. */
export interface Target {
  /** host:port of gRPC. */
  grpc: string;
  /** Base address of the HTTP gateway. */
  http: string;
  /** Base address of the admin port; undefined: it is not known, and resources are not watched. */
  admin: string | undefined;
  /** Process id of the primary, of a cluster of our own. */
  primary: number | undefined;
  /** Whether loads may send messages through it: nobody gets those of our own cluster, people may get another's. */
  mayMessage: boolean;
  /** How it is described in reports. */
  description: string;
  stop(): Promise<void>;
}

/** How reports describe a cluster of their own. */
export const ownTarget = "a private cluster on an embedded Redis";
/** What a start may take until all is well. */
const startMs = 60_000;

/**
 * The service that TARGET (gRPC), HTTP_TARGET and ADMIN name, or else a private cluster on durable stores. MESSAGES=1: its loads
 * may send messages.
 */
export async function openTarget(env: NodeJS.ProcessEnv): Promise<Target> {
  const { TARGET, HTTP_TARGET, ADMIN, MESSAGES } = env;
  if (!TARGET) return startOwn();
  const [, host] = /^([^/\s]+):\d+$/.exec(TARGET) ?? [];
  if (host === undefined) throw new Error(`TARGET: "${TARGET}" is no host:port, as 127.0.0.1:50051`);
  const http = HTTP_TARGET ?? `http://${host}:8080`;
  await requireAnswer("HTTP_TARGET", http);
  if (ADMIN) await requireAnswer("ADMIN", ADMIN);
  return {
    grpc: TARGET,
    http,
    admin: ADMIN || undefined,
    primary: undefined,
    mayMessage: MESSAGES === "1",
    description: TARGET,
    stop: async () => {},
  };
}

/** Throws an error that names the variable, unless something that is alive answers there. */
async function requireAnswer(variable: string, base: string): Promise<void> {
  const fix = `set ${variable} to its address, as http://127.0.0.1:8080`;
  const { status, reason } = await fetch(`${base}/livez`, { signal: AbortSignal.timeout(5000) }).then(
    (answer) => ({ status: answer.status, reason: `answered ${answer.status}` }),
    (error: Error) => ({ status: 0, reason: error.cause instanceof Error ? error.cause.message : error.message }),
  );
  if (status !== 200) throw new Error(`${variable}: ${base}/livez ${reason}; ${fix}`);
}

async function startOwn(): Promise<Target> {
  const port = await takePorts(3); // gRPC, admin, HTTP.
  // A load that ends leaves calls behind; that these are cancelled need not be said. Without a token no message is sent on.
  const posta = await startPosta(port, slowArguments(), {
    POSTA_LOG_LEVEL: "error",
    POSTA_WHATSAPP_SENDERS: "100000000000001",
  });
  await untilHealthy(`http://127.0.0.1:${port + 1}`).catch(async (error) => {
    await posta.stop();
    throw error;
  });
  return {
    grpc: `127.0.0.1:${port}`,
    http: `http://127.0.0.1:${port + 2}`,
    admin: `http://127.0.0.1:${port + 1}`,
    primary: posta.pid,
    mayMessage: true,
    description: ownTarget,
    stop: () => posta.stop(),
  };
}

/** Servers answer before the other stores have started, and their tables are there: a load should not be judged by that. */
export async function untilHealthy(admin: string): Promise<void> {
  const until = Date.now() + startMs;
  for (;;) {
    const { status, checks } = (await (await fetch(`${admin}/healthz`)).json()) as { status: string; checks: object };
    if (status === "OK") return;
    if (Date.now() > until) throw new Error(`not healthy after ${startMs / 1000} s: ${JSON.stringify(checks)}`);
    await sleep(100);
  }
}
