import { setTimeout as sleep } from "node:timers/promises";
import type { Agents } from "../profile/agents.js";
import { median } from "./figures.js";

const scrapes = 100;
const idleMs = 2000;

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

/** How long a scrape keeps the event loop of the server that it costs most, in milliseconds: nothing else is asked of it. */
export async function measureLoopCost(adminPort: number, { all: servers }: Agents): Promise<number> {
  const uses = () => Promise.all(servers.map((server) => server.ask("loop-use")));
  await uses();
  await sleep(idleMs);
  const idle = await uses();
  const begun = performance.now();
  for (let count = 0; count < scrapes; count += 1) await scrape(adminPort);
  const busy = await uses();
  const elapsedMs = performance.now() - begun;
  return Math.max(...busy.map((use, server) => ((use - (idle[server] as number)) * elapsedMs) / scrapes));
}

async function scrape(adminPort: number): Promise<number> {
  const begun = performance.now();
  const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
  const text = await answer.text();
  if (!answer.ok || !text.includes("grpc_server_handled_total")) throw new Error("/metrics is not what it should be");
  return performance.now() - begun;
}
