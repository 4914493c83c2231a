import { constants, fstatSync, openSync } from "node:fs";
import { isatty } from "node:tty";

const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;

/**
 * Opens the same pipe or terminal again, as a descriptor that does not block. If nobody reads, a write fails and the
 * process goes on. The given descriptor does not change, as other processes write to it too. Returns the given
 * descriptor for a file, which does not block, and for a socket (as from journald), which cannot be opened again.
 */
export function openWithoutBlocking(fd: number): number {
  if (!fstatSync(fd).isFIFO() && !isatty(fd)) return fd;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return fd; // Not Linux, or not ours to open.
  }
}
