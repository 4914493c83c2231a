import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";

const running = new Set<ChildProcess>();
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Lets a process not outlive this one, however this one ends (but by SIGKILL). Answers the process. */
export function endWithThis(child: ChildProcess): ChildProcess {
  if (running.size === 0) listen();
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** By `exit` for what this process does itself; a signal would end it without that. */
function listen(): void {
  process.off("exit", endAll).on("exit", endAll);
  for (const signal of signals) process.off(signal, leave).on(signal, leave);
}

function leave(signal: NodeJS.Signals): void {
  process.exit(128 + constants.signals[signal]);
}

function endAll(): void {
  for (const child of running) child.kill("SIGTERM");
}
