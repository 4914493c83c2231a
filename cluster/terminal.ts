import { isatty } from "node:tty";

const descriptors = [0, 1, 2];
/** Looked up at once, while there is one. */
const atStart = descriptors.filter((fd) => isatty(fd));

/** Whether a terminal ran this when it began. */
export const isForeground = atStart.length > 0;

/**
 * Ends the process. Where its terminal is gone, Node 20 would crash on the way out, again and again: it cannot restore
 * the terminal's settings.
 */
export function leave(code: number): never {
  if (atStart.some((fd) => !isatty(fd))) process.kill(process.pid, "SIGKILL");
  process.exit(code);
}
