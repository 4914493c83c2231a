import { constants, fstatSync, openSync } from "node:fs";
import { isatty } from "node:tty";

const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;

/**
 * A descriptor of the same pipe or terminal that does not block: a writer of one that nobody reads is told so, and goes on. The
 * given one stays as it is, as other processes write to it too. A file does not block, and a socket, as journald gives, cannot be
 * opened anew: there it is the given one.
 */
export function openWithoutBlocking(fd: number): number {
  if (!fstatSync(fd).isFIFO() && !isatty(fd)) return fd;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return fd; // Not Linux, or not ours to open.
  }
}
