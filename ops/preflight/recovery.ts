import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { servers } from "../../perf/bench/processes.js";
import type { RedisServer } from "../../perf/bench/redis-server.js";
import { queueService, ServiceClient } from "../../perf/watch/service-client.js";
import { AcknowledgedLoad, type Audit } from "./acknowledged-load.js";
import { type Finding, toFinding } from "./check.js";
import { readServing, untilServing } from "./health.js";
import { port } from "./ports.js";
import { onPostaWithRedis } from "./posta-on-redis.js";

const callers = 32;
const steadyMs = 1000;
const maxRecoveryMs = 10_000;

/** What a fault did. */
export interface Recovery {
  /** From the fault (a killed server) or from the store's return (a restarted Redis) until all is well. */
  tookMs: number;
  failedCalls: number;
  audit: Audit;
}

/** Kills a server under load, then restarts Redis under load: how long it takes, and whether a job is lost. */
export function checkRecovery(): Promise<Finding> {
  return onPostaWithRedis(async (redisServer) => {
    const killed = await watch(redisServer, "killed", killServer);
    const restarted = await watch(redisServer, "restarted", (load) => restartRedis(redisServer, load));
    return judgeRecovery(killed, restarted);
  });
}

export function judgeRecovery(killed: Recovery, restarted: Recovery): Finding {
  const both = [killed, restarted];
  const sound = both.every(({ tookMs, audit }) => {
    return tookMs < maxRecoveryMs && audit.acknowledged > 0 && audit.lost === 0 && audit.twice === 0;
  });
  const evidence = [
    `a server killed under load: all SERVING again after ${Math.round(killed.tookMs)} ms, ${describe(killed)}`,
    `Redis restarted: calls succeed ${Math.round(restarted.tookMs)} ms after it is back, ${describe(restarted)}`,
  ];
  return toFinding(
    sound,
    evidence.join("; "),
    "run `make test FILE=test/cluster/faults.test.ts`, and look at Redis' log",
  );
}

function describe({ failedCalls, audit }: Recovery): string {
  const { acknowledged, lost, twice } = audit;
  return `${failedCalls} calls failed, of ${acknowledged.toLocaleString("en")} acknowledged jobs ${lost} lost, ${twice} twice`;
}

/** Runs a load around a fault; `cause` answers how long the recovery took. */
async function watch(
  redisServer: RedisServer,
  queue: string,
  cause: (load: AcknowledgedLoad) => Promise<number>,
): Promise<Recovery> {
  const client = new ServiceClient(`127.0.0.1:${port}`, queueService, 4 * servers);
  const load = new AcknowledgedLoad(client, `preflight-${queue}`);
  load.start(callers);
  try {
    await sleep(steadyMs);
    const tookMs = await cause(load);
    await sleep(steadyMs);
    await load.stop();
    const redis = new Redis({ path: redisServer.socket });
    const audit = await load.audit(redis).finally(() => redis.disconnect());
    return { tookMs, failedCalls: load.failedCalls, audit };
  } finally {
    await load.stop();
    client.close();
  }
}

async function killServer(): Promise<number> {
  const [pid] = await readServing(port + 1);
  if (pid === undefined) throw new Error("no server takes calls");
  const begun = performance.now();
  process.kill(pid, "SIGKILL");
  await untilServing(port + 1, servers, pid, maxRecoveryMs);
  return performance.now() - begun;
}

async function restartRedis(redisServer: RedisServer, load: AcknowledgedLoad): Promise<number> {
  await redisServer.shutDown();
  await sleep(steadyMs);
  await redisServer.start();
  const begun = performance.now();
  const late = sleep(maxRecoveryMs, undefined, { ref: false }).then(() => {
    throw new Error(`no call succeeds ${maxRecoveryMs / 1000} s after Redis is back`);
  });
  await Promise.race([load.nextSuccess(), late]);
  late.catch(() => {});
  return performance.now() - begun;
}
