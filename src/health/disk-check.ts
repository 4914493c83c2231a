import { statfs } from "node:fs/promises";
import { basename } from "node:path";
import type { Check, CheckStatus, Reading } from "./check.js";

const intervalMs = 2000;
/** A file system that has not answered for this long hangs. */
const patienceMs = 5000;
const gibibyte = 2 ** 30;
const bounds = {
  degraded: { share: 0.1, bytes: gibibyte },
  down: { share: 0.02, bytes: 100 * 2 ** 20 },
};

/** The figures of a file system that are needed here. */
export type Statfs = (dir: string) => Promise<{ bsize: number; blocks: number; bavail: number }>;

/** The free disk space where the embedded stores keep their data. */
export class DiskCheck implements Check {
  readonly name = "disk";
  private timer: NodeJS.Timeout | undefined;
  private askedAt: number | undefined;
  private found: Reading = { status: "DOWN", detail: "The disk was not looked at yet.", untried: true };

  /** Without folders the check does not apply. */
  constructor(
    private readonly folders: readonly string[],
    private readonly stat: Statfs = statfs,
  ) {}

  start(): void {
    if (this.folders.length === 0) return;
    this.timer = setInterval(() => void this.look(), intervalMs);
    void this.look();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  read(): Reading | undefined {
    if (this.folders.length === 0) return undefined;
    const silentMs = this.askedAt === undefined ? 0 : performance.now() - this.askedAt;
    if (silentMs < patienceMs) return this.found;
    return { status: "DOWN", detail: `The file system has not answered for ${Math.round(silentMs / 1000)} s.` };
  }

  /** Runs once at a time: each look at a hanging file system blocks a thread of the pool. */
  private async look(): Promise<void> {
    if (this.askedAt !== undefined) return;
    this.askedAt = performance.now();
    try {
      const all = await Promise.all(this.folders.map((dir) => this.stat(dir)));
      const readings = all.map((found, index) => judge(this.folders[index] as string, found));
      this.found = ["DOWN", "DEGRADED", "OK"]
        .map((status) => readings.find((reading) => reading.status === status))
        .find((reading) => reading !== undefined) as Reading;
    } catch (error) {
      // The error's message contains the folder's path, and anybody may read the health without a token.
      const reason = (error as NodeJS.ErrnoException).code ?? "unknown error";
      this.found = { status: "DOWN", detail: `The disk cannot be looked at: ${reason}.` };
    }
    this.askedAt = undefined;
  }
}

function judge(dir: string, { bsize, blocks, bavail }: Awaited<ReturnType<Statfs>>): Reading {
  const [free, all] = [bavail * bsize, blocks * bsize];
  const isUnder = ({ share, bytes }: { share: number; bytes: number }) => free < share * all || free < bytes;
  const status: CheckStatus = isUnder(bounds.down) ? "DOWN" : isUnder(bounds.degraded) ? "DEGRADED" : "OK";
  const percent = ((100 * free) / all).toFixed(1);
  return { status, detail: `${(free / gibibyte).toFixed(1)} GiB, ${percent}%, are free for ${basename(dir)}.` };
}
