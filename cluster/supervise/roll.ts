import type { Logger } from "../../src/telemetry/log/log.js";
import type { Supervisor } from "./supervisor.js";

type Rolled = Pick<Supervisor, "roll" | "servingCount">;

/**
 * Creates a function that does a rolling restart of all children. Calls during a restart are ignored. The function
 * never rejects, and can be called again after a failure.
 */
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
 * Rolls the delivery processes first: new ones can read what new servers queue, and have the time to migrate. If no
 * delivery process serves, for example without PostgreSQL, does not wait for them. Then a new server itself finds out
 * whether the schema is there.
 */
async function rollAll(servers: Rolled, deliveries: Rolled): Promise<void> {
  const delivering = deliveries.servingCount > 0;
  const rolled = deliveries.roll();
  if (delivering) await rolled;
  await Promise.all([rolled, servers.roll()]);
}
