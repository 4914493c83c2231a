import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const running = new Set<ChildProcess>();
const folders = new Set<string>();
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** What processes may take to end. */
const patienceMs = 20_000;
let leaving = false;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Lets a process not outlive this one, however this one ends (but by SIGKILL). Answers the process. */
export function endWithThis(child: ChildProcess): ChildProcess {
  listen();
  running.add(child);
  child.once("exit", () => running.delete(child));
  if (leaving) child.kill();
  return child;
}

/** A folder for what is needed until this process ends, which removes it, if nobody did before. */
export function makeFolderUntilEnd(prefix: string): string {
  if (leaving) throw new Error("it was interrupted");
  listen();
  const folder = mkdtempSync(join(tmpdir(), prefix));
  // PostgreSQL's own user must pass through, or Posta would put its data below /var/lib, where nobody removes it.
  chmodSync(folder, 0o711);
  folders.add(folder);
  return folder;
}

/** By `exit` for what this process does itself; a signal would end it without that. */
function listen(): void {
  process.off("exit", cleanUp).on("exit", cleanUp);
  for (const signal of signals) process.off(signal, leave).on(signal, leave);
}

/** Lets those that run end first: stores that find no folder any more do not. A second signal ends it at once. */
async function leave(signal: NodeJS.Signals): Promise<void> {
  const status = 128 + constants.signals[signal];
  if (leaving) process.exit(status);
  leaving = true;
  const ended = [...running].map((child) => once(child, "exit"));
  for (const child of running) child.kill();
  await Promise.race([Promise.all(ended), sleep(patienceMs)]);
  process.exit(status);
}

/** Nothing else can run any more: it waits for the others by looking. */
function cleanUp(): void {
  for (const child of running) child.kill();
  const until = Date.now() + patienceMs;
  while (!leaving && [...running].some(isRunning) && Date.now() < until) Atomics.wait(pause, 0, 0, 50);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** One that has ended stays a zombie, as this process does not ask for its status any more. */
function isRunning({ pid }: ChildProcess): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
