import { readFileSync } from "node:fs";
import { expect, inject, it } from "vitest";
import { startCluster } from "../support/posta.js";

const parentOf = (pid: number) => Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1]);

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it("ends with its terminal, though nobody tells it", async () => {
  const cluster = await startCluster({ POSTA_QUEUE_REDIS_URL: inject("redisUrl") }, { terminal: true });
  await expect.poll(async () => (await cluster.health()).servers.length).toBe(2);
  const servers = await cluster.serverPids();
  const primary = parentOf(servers[0] as number);
  expect([primary, ...servers].every(isRunning)).toBe(true);
  cluster.process.kill("SIGKILL");
  await expect.poll(() => [primary, ...servers].filter(isRunning)).toEqual([]);
  await cluster.stop();
});
