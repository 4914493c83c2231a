import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { ServiceClient } from "../watch/service-client.js";

const analyticsService = "posta.analytics.v1.AnalyticsService";
const connections = 8;
const asks = 200;
const betweenMs = 10;
const patienceMs = 20_000;

export interface HungStoreFigures {
  /** The 99th percentile of GetHealth's answers, in milliseconds, while the analytics' Redis hangs. */
  p99Ms: number;
  /** Until its service's probe said NOT_SERVING on every server, and SERVING again. */
  downMs: number;
  upMs: number;
}

/** Stops the analytics' Redis with SIGSTOP, asks for the health meanwhile, and lets it go on. */
export async function measureHungStore(port: number, socket: string): Promise<HungStoreFigures> {
  const pid = await findPid(socket);
  const health = new ServiceClient(`127.0.0.1:${port}`, "posta.health.v1.HealthService", connections);
  const probe = new ServiceClient(`127.0.0.1:${port}`, "grpc.health.v1.Health", connections);
  try {
    process.kill(pid, "SIGSTOP");
    const downMs = await untilAll(probe, "NOT_SERVING");
    const p99Ms = await ask(health);
    process.kill(pid, "SIGCONT");
    return { p99Ms, downMs, upMs: await untilAll(probe, "SERVING") };
  } finally {
    process.kill(pid, "SIGCONT");
    health.close();
    probe.close();
  }
}

async function findPid(socket: string): Promise<number> {
  const redis = new Redis({ path: socket });
  const info = await redis.info("server").finally(() => redis.disconnect());
  return Number(/^process_id:(\d+)/m.exec(info)?.[1]);
}

async function ask(health: ServiceClient): Promise<number> {
  const took: number[] = [];
  for (let count = 0; count < asks; count += 1) {
    const begun = performance.now();
    const { status } = await health.call<{ status: string }>("GetHealth", {});
    took.push(performance.now() - begun);
    if (status !== "HEALTH_STATUS_DEGRADED") throw new Error(`a hung store, and the health is ${status}`);
    await sleep(betweenMs);
  }
  return took.sort((a, b) => a - b)[Math.ceil(took.length * 0.99) - 1] as number;
}

/** Connections stay on a server each: together they reach all. */
async function untilAll(probe: ServiceClient, wanted: string): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const answers = Array.from({ length: connections }, () =>
      probe.call<{ status: string }>("Check", { service: analyticsService }),
    );
    if ((await Promise.all(answers)).every(({ status }) => status === wanted)) return performance.now() - begun;
    if (performance.now() - begun > patienceMs) throw new Error(`the probe did not become ${wanted}`);
    await sleep(betweenMs);
  }
}
