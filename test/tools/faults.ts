import { execFileSync } from "node:child_process";
import type { StoreProcess } from "../support/store-process.js";
import type { SlowWay } from "./slow-way.js";

/** Something that goes wrong; answers what makes it right again. */
export type Fault = () => Promise<() => Promise<void> | void>;

/** Of a store: it dies, it hangs, everything takes `slowMs` longer on the way there and back. */
export function storeFaults(store: StoreProcess, way: SlowWay, slowMs: number): Record<string, Fault> {
  return {
    killed: async () => {
      await store.kill();
      return () => store.restart();
    },
    stopped: async () => stop([store.pid, ...childrenOf(store.pid)]),
    slowed: async () => {
      way.delayMs = slowMs;
      return () => {
        way.delayMs = 0;
      };
    },
  };
}

/** Of a process of Posta's: it dies, it hangs, it runs for a small part of the time. */
export function processFaults(pid: () => Promise<number>): Record<string, Fault> {
  return {
    killed: async () => {
      process.kill(await pid(), "SIGKILL");
      return () => {}; // Posta starts another.
    },
    stopped: async () => stop([await pid()]),
    slowed: async () => {
      const one = await pid();
      const timer = setInterval(() => {
        process.kill(one, "SIGSTOP");
        setTimeout(() => process.kill(one, "SIGCONT"), 650);
      }, 800);
      return async () => {
        clearInterval(timer);
        await new Promise((resolve) => setTimeout(resolve, 700)); // Until the last one goes on.
      };
    },
  };
}

function stop(pids: number[]): () => void {
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  return () => {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  };
}

/** PostgreSQL's sessions are processes of their own. */
function childrenOf(pid: number): number[] {
  const all = execFileSync("ps", ["-e", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  return all
    .map((line) => line.trim().split(/ +/).map(Number))
    .flatMap(([child, parent]) => (parent === pid ? [child as number] : []));
}
