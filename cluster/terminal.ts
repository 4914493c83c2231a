import { isatty } from "node:tty";

const descriptors = [0, 1, 2];
/** Looked up at the start, while the terminal still exists. */
const atStart = descriptors.filter((fd) => isatty(fd));

/** Whether the process was started from a terminal. */
export const isForeground = atStart.length > 0;

function isGone(): boolean {
  return atStart.some((fd) => !isatty(fd));
}

/**
 * Calls `tell` once when the terminal is gone. The kernel sends SIGHUP only to the leader of the session. The leader
 * may be make, which does not pass the signal on.
 */
export function onTerminalGone(tell: () => void): void {
  const shownOn = atStart.filter((fd) => fd !== 0);
  if (shownOn.length === 0) return;
  const timer = setInterval(() => {
    if (shownOn.some((fd) => isatty(fd))) return;
    clearInterval(timer);
    tell();
  }, 1000);
  timer.unref();
}

/** Tells the operator why the process ends. Writes to stderr directly, because the log captures the console. */
export function printProblem({ message }: Error): void {
  process.stderr.write(`${message.replace(/^/gm, "posta: ")}\n`);
}

/**
 * Ends the process. If the terminal is gone, uses SIGKILL: on exit, Node 20 would crash again and again, because it
 * cannot restore the terminal's settings.
 */
export function leave(code: number): never {
  if (isGone()) process.kill(process.pid, "SIGKILL");
  process.exit(code);
}
