import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** What a log is made of; the statistics below are fixed, so that a seed and a number of lines say all. */
export interface LogPlan {
  lines: number;
  seed: number;
  /** When its first and its last line were written, in milliseconds since 1970. */
  from: number;
  until: number;
}

const clients = 5000;
const pages = 200;
const methods: Weighted = { GET: 0.85, POST: 0.12, DELETE: 0.03 };
const statuses: Weighted = { "200": 0.92, "304": 0.03, "404": 0.035, "500": 0.015 };
const chunkLines = 5000;

type Weighted = Record<string, number>;

/**
 * Writes a web server's access log in the Common Log Format: clients and pages by Zipf's law (exponents 1 and 1.1),
 * methods and statuses by fixed shares, sizes log-normal with a median of 8 kB, times evenly over the plan's span.
 */
export async function writeAccessLog(path: string, plan: LogPlan): Promise<void> {
  const random = createRandom(plan.seed);
  const client = zipf(clients, 1, random);
  const page = zipf(pages, 1.1, random);
  const method = choose(methods, random);
  const status = choose(statuses, random);
  const out = createWriteStream(path);
  for (let line = 0; line < plan.lines; line += chunkLines) {
    let chunk = "";
    for (let at = line; at < Math.min(line + chunkLines, plan.lines); at += 1) {
      const time = formatTime(plan.from + ((plan.until - plan.from) * at) / plan.lines);
      const bytes = Math.round(8000 * Math.exp(normal(random)));
      chunk += `${address(client())} - - [${time}] "${method()} /page/${page()} HTTP/1.1" ${status()} ${bytes}\n`;
    }
    if (!out.write(chunk)) await once(out, "drain");
    await sleep(0);
  }
  out.end();
  await once(out, "close");
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Ranks from 1 to n: the k-th is drawn in proportion to 1 / k^exponent. */
function zipf(n: number, exponent: number, random: () => number): () => number {
  let sum = 0;
  const below = Array.from({ length: n }, (_, index) => {
    sum += 1 / (index + 1) ** exponent;
    return sum;
  });
  return () => {
    const point = random() * sum;
    let [low, high] = [0, n - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((below[middle] as number) < point) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

function choose(shares: Weighted, random: () => number): () => string {
  const names = Object.keys(shares);
  return () => {
    let point = random();
    for (const name of names) {
      point -= shares[name] as number;
      if (point < 0) return name;
    }
    return names[0] as string;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function address(rank: number): string {
  return `10.${rank % 7}.${rank >> 8}.${rank & 255}`;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "25/Nov/2026:16:02:07 +0000" */
function formatTime(ms: number): string {
  const [date = "", time = ""] = new Date(ms).toISOString().split("T");
  const [year, month, day] = date.split("-");
  return `${day}/${months[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
}
