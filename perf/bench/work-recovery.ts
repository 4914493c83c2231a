import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { connect, WorkClient } from "./work-client.js";

const leaseSeconds = 3;
const queue = "bench-recovery";

export interface RecoveryParts {
  port: number;
  redis: Redis;
  /** Adds one job to the queue. */
  addTo(queue: string): Promise<unknown>;
}

/** How long after a worker's lease has ended its job is in line again, in seconds. The worker is gone without a word. */
export async function measureRedelivery(parts: RecoveryParts): Promise<number> {
  const { session, kill } = await takeJob(parts);
  const beatAt = performance.now();
  session.heartbeat();
  await sleep(200);
  kill();
  return (await untilInLine(parts.redis, beatAt)) - leaseSeconds;
}

/** How long after the end of a stream a job is in line again that its worker never acknowledged, in seconds. */
export async function measureUnseen(parts: RecoveryParts): Promise<number> {
  const { kill } = await takeJob(parts);
  const killedAt = performance.now();
  kill();
  return untilInLine(parts.redis, killedAt);
}

/** A session with the one job of the queue, not acknowledged yet. */
async function takeJob({ port, redis, addTo }: RecoveryParts) {
  await redis.del(`bull:${queue}:wait`);
  await addTo(queue);
  const client = connect(port);
  return new Promise<{ session: WorkClient; kill(): void }>((resolve) => {
    const handlers = {
      onJobs() {
        const kill = () => {
          session.cut();
          client.close();
        };
        resolve({ session, kill });
        return [];
      },
      onError() {}, // Its connection is cut.
    };
    const session = new WorkClient(client, queue, 1, handlers, { lease: { seconds: leaseSeconds } });
  });
}

async function untilInLine(redis: Redis, since: number): Promise<number> {
  while ((await redis.llen(`bull:${queue}:wait`)) === 0) {
    if (performance.now() - since > 30_000) throw new Error("the job of a dead worker did not come back within 30 s");
    await sleep(5);
  }
  return (performance.now() - since) / 1000;
}
