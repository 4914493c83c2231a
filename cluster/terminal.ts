import { isatty } from "node:tty";

const descriptors = [0, 1, 2];
/** Looked up at once, while there is one. */
const atStart = descriptors.filter((fd) => isatty(fd));

/** Whether a terminal ran this when it began. */
export const isForeground = atStart.length > 0;

function isGone(): boolean {
  return atStart.some((fd) => !isatty(fd));
}

/** Tells once that the terminal is gone. The kernel tells the leader of its session alone, which may be make, and keep it. */
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

/** Tells the operator why the process ends, line by line. Not by the console, which is the log's. */
export function printProblem({ message }: Error): void {
  process.stderr.write(`${message.replace(/^/gm, "posta: ")}\n`);
}

/**
 * Ends the process. Where its terminal is gone, Node 20 would crash on the way out, again and again: it cannot restore
 * the terminal's settings.
 */
export function leave(code: number): never {
  if (isGone()) process.kill(process.pid, "SIGKILL");
  process.exit(code);
}
