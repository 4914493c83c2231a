import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "./figures.js";

const scrapes = 300;
const idleSeconds = 5;

export interface ScrapeFigures {
  /** From the request until the last byte is there. */
  medianMs: number;
  slowestMs: number;
}

/** Scrapes the merged metrics again and again while `load` lasts. */
export async function measureScrapes(adminPort: number, load: Promise<unknown>): Promise<ScrapeFigures> {
  let isOver = false;
  const over = load.finally(() => {
    isOver = true;
  });
  const took: number[] = [];
  while (!isOver) {
    took.push(await scrape(adminPort));
    await sleep(50);
  }
  await over;
  return { medianMs: median(took), slowestMs: Math.max(...took) };
}

/**
 * CPU that a scrape takes of the server that it costs most, in milliseconds: the event loop is held up for no longer. Nothing
 * else is asked of it, and what it uses by itself is taken off.
 */
export async function measureCpuCost(adminPort: number, pids: readonly number[]): Promise<number> {
  const [idle, idleMs] = await cpuOf(pids, () => sleep(idleSeconds * 1000));
  const [busy, busyMs] = await cpuOf(pids, async () => {
    for (let count = 0; count < scrapes; count += 1) await scrape(adminPort);
  });
  return Math.max(...busy.map((ms, server) => (ms - ((idle[server] as number) / idleMs) * busyMs) / scrapes));
}

/** CPU of each process while something is done, and how long that took; all in milliseconds. */
async function cpuOf(pids: readonly number[], work: () => Promise<unknown>): Promise<[number[], number]> {
  const before = pids.map(readCpuMs);
  const begun = performance.now();
  await work();
  return [pids.map((pid, index) => readCpuMs(pid) - (before[index] as number)), performance.now() - begun];
}

/** User and system time, of proc(5)'s stat, which counts in hundredths of a second. */
function readCpuMs(pid: number): number {
  const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const [user, system] = rest.split(" ").slice(11, 13).map(Number) as [number, number];
  return (user + system) * 10;
}

async function scrape(adminPort: number): Promise<number> {
  const begun = performance.now();
  const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
  const text = await answer.text();
  if (!answer.ok || !text.includes("grpc_server_handled_total")) throw new Error("/metrics is not what it should be");
  return performance.now() - begun;
}
