import type { Redis } from "ioredis";

/** Posta writes here which installation the Redis belongs to, and complains if that is gone. */
const installationKey = "bull:posta-installation";

/** Empties the queues' Redis of a Posta that runs. */
export async function emptyRedis(redis: Redis): Promise<void> {
  const id = await redis.get(installationKey);
  const steps = redis.multi().flushall();
  if (id !== null) steps.set(installationKey, id);
  await steps.exec();
}
