import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { servers } from "../../perf/bench/processes.js";
import type { RedisServer } from "../../perf/bench/redis-server.js";
import { queueService, ServiceClient } from "../../perf/watch/service-client.js";
import { AcknowledgedLoad, type Audit } from "./acknowledged-load.js";
import { type Finding, toFinding } from "./check.js";
import { port } from "./ports.js";
import { onPostaWithRedis } from "./posta-on-redis.js";

const ratePerSecond = 500;
const callers = 64;
const outageMs = 30_000;
const steadyMs = 2000;
/** How long the spool may take to be empty after the load has ended. */
const maxDrainMs = 60_000;
const lookEveryMs = 200;

/** What an outage did. */
export interface Outage {
  calls: number;
  spooled: number;
  failedCalls: number;
  audit: Audit;
  /** From Redis' return until all is in the queue; the load goes on for a part of it. */
  tookMs: number;
}

/** Takes the queues' Redis away for half a minute under a steady load, and looks for each job that was acknowledged. */
export function checkOutage(): Promise<Finding> {
  return onPostaWithRedis(async (redisServer) => {
    const client = new ServiceClient(`127.0.0.1:${port}`, queueService, 4 * servers);
    try {
      return judgeOutage(await outlast(redisServer, client));
    } finally {
      client.close();
    }
  });
}

export function judgeOutage({ calls, spooled, failedCalls, audit, tookMs }: Outage): Finding {
  const { acknowledged, lost, twice } = audit;
  const number = (value: number) => value.toLocaleString("en");
  const evidence = [
    `the queues' Redis away for ${outageMs / 1000} s under ${ratePerSecond} AddJob/s: of ${number(calls)} calls ${number(acknowledged - spooled)} added, ${number(spooled)} spooled, ${number(failedCalls)} failed`,
    `${lost} lost, ${twice} twice; all in the queue ${(tookMs / 1000).toFixed(1)} s after it was back`,
  ];
  const sound = lost === 0 && twice === 0 && spooled > 0 && acknowledged + failedCalls === calls;
  return toFinding(sound, evidence.join("; "), "run `make test FILE=test/queue/spool-faults.test.ts`");
}

async function outlast(redisServer: RedisServer, client: ServiceClient): Promise<Outage> {
  const load = new AcknowledgedLoad(client, "preflight-outage");
  load.start(callers, ratePerSecond);
  try {
    await sleep(steadyMs);
    await redisServer.shutDown();
    await sleep(outageMs);
    await redisServer.start();
    const back = performance.now();
    await sleep(steadyMs);
    await load.stop();
    const audit = await auditDrained(redisServer, load);
    const { calls, spooled, failedCalls } = load;
    return { calls, spooled, failedCalls, audit, tookMs: performance.now() - back };
  } finally {
    await load.stop();
  }
}

/** Looks until nothing is missing, or it has taken too long. */
async function auditDrained(redisServer: RedisServer, load: AcknowledgedLoad): Promise<Audit> {
  const redis = new Redis({ path: redisServer.socket });
  try {
    const until = performance.now() + maxDrainMs;
    for (;;) {
      const audit = await load.audit(redis);
      if (audit.lost === 0 || performance.now() > until) return audit;
      await sleep(lookEveryMs);
    }
  } finally {
    redis.disconnect();
  }
}
