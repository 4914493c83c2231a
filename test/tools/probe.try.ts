import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Loaded, queueService, startLoaded } from "./cluster.js";
import { run } from "./tools.js";

/** What Kubernetes' probes would see, by grpc_health_probe. */

const own = "posta.health.v1.HealthService";
const unhealthy = 4;
let posta: Loaded;
beforeAll(async () => {
  posta = await startLoaded();
});
afterAll(() => posta?.stop());

async function probe(service: string): Promise<number> {
  const args = [`-addr=${posta.target}`, `-service=${service}`, "-connect-timeout=1s", "-rpc-timeout=1s"];
  return (await run("grpc_health_probe", args)).status;
}

/** Until the probe ends so, in milliseconds. */
async function untilProbe(service: string, status: number): Promise<number> {
  const begun = performance.now();
  await expect.poll(() => probe(service), { timeout: 15_000, interval: 20 }).toBe(status);
  return performance.now() - begun;
}

describe("grpc_health_probe", () => {
  it("finds every service well while all is well", async () => {
    for (const service of [
      "",
      queueService,
      "posta.analytics.v1.AnalyticsService",
      "posta.message.v1.MessageService",
      own,
    ])
      expect({ service, status: await probe(service) }).toEqual({ service, status: 0 });
  });

  it("finds the queue unhealthy when neither Redis nor PostgreSQL can take a job, and well again; the process is, all the time", async () => {
    const { redis, postgres } = posta;
    await postgres.kill();
    const message = await untilProbe("posta.message.v1.MessageService", unhealthy);
    expect(await probe(queueService)).toBe(0);
    process.kill(redis.pid, "SIGSTOP");
    const lost = await untilProbe(queueService, unhealthy);
    expect(await probe(own)).toBe(0);
    process.kill(redis.pid, "SIGCONT");
    const back = await untilProbe(queueService, 0);
    await postgres.restart();
    const messageBack = await untilProbe("posta.message.v1.MessageService", 0);
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
    console.log(
      `PostgreSQL killed: told after ${seconds(message)}, back after ${seconds(messageBack)}; Redis stopped: told after ${seconds(lost)}, back after ${seconds(back)}`,
    );
  });
});
