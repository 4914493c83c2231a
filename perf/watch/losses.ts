import type { Target } from "./target.js";

/** What the service lost while it was under load, if it can be seen: figures of a crash are not to be used. */
export async function findLosses({ admin, primary }: Target): Promise<string[]> {
  if (primary === undefined) return []; // What is not ours may have had its losses before.
  if (!isAlive(primary)) return ["the cluster ended under load"];
  try {
    const answer = await fetch(`${admin}/healthz`, { signal: AbortSignal.timeout(5000) });
    const { restarts = 0 } = (await answer.json()) as { restarts?: number };
    return restarts > 0 ? [`${restarts} server processes ended under load`] : [];
  } catch (error) {
    return [`the admin port does not answer: ${(error as Error).message}`];
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
