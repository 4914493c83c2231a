import { readFileSync } from "node:fs";
import type { Registry } from "prom-client";
import { registerGauge } from "./counters.js";

/** Where Linux shows what a process has in memory. */
const statusFile = "/proc/self/status";

/**
 * Shows the memory of this process so that the sum over all processes is true: what only this process has. All processes
 * share the pages of Node's program. `countsProgram`: this process is the one that counts them.
 */
export function measureMemory(registry: Registry, { countsProgram }: { countsProgram: boolean }): void {
  const help = "The memory of all processes, with the pages of Node's program counted once.";
  registerGauge(registry, "posta_memory_bytes", help, () => readMemory(countsProgram));
}

/** On a system without /proc all resident memory, which counts the program in each process. */
function readMemory(countsProgram: boolean): number {
  try {
    const status = readFileSync(statusFile, "utf8");
    const bytesOf = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
    return bytesOf("RssAnon") + bytesOf("RssShmem") + (countsProgram ? bytesOf("RssFile") : 0);
  } catch {
    return process.memoryUsage.rss();
  }
}
