import { setTimeout as sleep } from "node:timers/promises";

interface Health {
  servers: { pid: number; serving: boolean }[];
}

/** Process ids of the servers of a cluster that take calls, from its admin port. */
export async function readServing(adminPort: number): Promise<number[]> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/healthz`, { signal: AbortSignal.timeout(5000) });
  const { servers } = (await answer.json()) as Health;
  return servers.filter(({ serving }) => serving).map(({ pid }) => pid);
}

/** Resolves once so many servers take calls, the given one not among them; rejects after `timeoutMs`. */
export async function untilServing(
  adminPort: number,
  count: number,
  without: number,
  timeoutMs: number,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (performance.now() < until) {
    const serving = await readServing(adminPort);
    if (serving.length >= count && !serving.includes(without)) return;
    await sleep(20);
  }
  throw new Error(`not ${count} servers take calls after ${timeoutMs / 1000} s`);
}
