import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Answers } from "./answers.js";

const run = promisify(execFile);

/** Every count of the log in one pass: "<what> <key> <count>" a line. */
const program = `
  { requests++; bytes += $10; status[$9]++; minute[substr($4, 14, 5)]++; page[$7]++; client[$1] = 1 }
  END {
    printf "requests - %d\\nbytes - %.0f\\n", requests, bytes
    for (key in client) clients++
    printf "clients - %d\\n", clients
    for (key in status) printf "status %s %d\\n", key, status[key]
    for (key in minute) printf "minute %s %d\\n", key, minute[key]
    for (key in page) printf "page %s %d\\n", key, page[key]
  }`;

/** Counts an access log with awk, which shares nothing with Posta. */
export async function askAwk(log: string, pages: number): Promise<Answers> {
  const { stdout } = await run("awk", [program, log], { maxBuffer: 1 << 26 });
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" ") as [string, string, string]);
  const of = (what: string): [string, number][] =>
    rows.filter(([kind]) => kind === what).map(([, key, count]) => [key, Number(count)]);
  const one = (what: string) => of(what)[0]?.[1] ?? 0;
  return {
    requests: one("requests"),
    bytes: one("bytes"),
    clients: one("clients"),
    byStatus: new Map(of("status")),
    byMinute: new Map(of("minute")),
    topPages: of("page").sort(mostFirst).slice(0, pages),
  };
}

/** Posta's order: of those that are as frequent, by their text. */
function mostFirst([a, countA]: [string, number], [b, countB]: [string, number]): number {
  return countB - countA || (a < b ? -1 : 1);
}
