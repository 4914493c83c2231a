import type { Logger } from "../../src/telemetry/log/log.js";
import type { Supervisor } from "./supervisor.js";

type Rolled = Pick<Supervisor, "roll" | "servingCount">;

/** Rolls all children, once at a time: who asks meanwhile is not heard. Never rejects, and can be asked again after a failure. */
export function createRoll(servers: Rolled, deliveries: Rolled, log: Logger): () => Promise<void> {
  let rolling = false;
  return async () => {
    if (rolling) return;
    rolling = true;
    try {
      await rollAll(servers, deliveries);
    } catch (error) {
      log.error({ err: error }, "rolling restart: failed");
    } finally {
      rolling = false;
    }
  };
}

/**
 * The delivery processes first: they can read what new servers queue, and have the time to migrate. While none works, as
 * without PostgreSQL, there is nothing to wait for: a new server finds out itself whether the schema is there.
 */
async function rollAll(servers: Rolled, deliveries: Rolled): Promise<void> {
  const delivering = deliveries.servingCount > 0;
  const rolled = deliveries.roll();
  if (delivering) await rolled;
  await Promise.all([rolled, servers.roll()]);
}
