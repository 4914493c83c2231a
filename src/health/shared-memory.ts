import { readFile } from "node:fs/promises";
import { join } from "node:path";

const everyMs = 5000;

/** Memory that processes share, in bytes. */
export interface Share {
  left: number;
  limit: number;
}

/**
 * The free memory that this process shares with others: the machine's, and its cgroup's (v2), which is the container's.
 * It is read at an interval, so that nobody waits for a read. Where neither can be read, `latest` is undefined.
 */
export class SharedMemory {
  /** The scarcer of the two. */
  latest: Share | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly root = "/") {}

  start(): void {
    this.timer = setInterval(() => void this.read(), everyMs);
    void this.read();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  async read(): Promise<void> {
    const known = await Promise.all(
      [this.readMachine(), this.readCgroup()].map((share) => share.catch(() => undefined)),
    );
    const shares = known.filter((share) => share !== undefined && share.limit > 0) as Share[];
    this.latest = shares.sort((one, other) => one.left / one.limit - other.left / other.limit)[0];
  }

  private async readMachine(): Promise<Share> {
    const text = await this.file("proc/meminfo");
    return {
      left: numberOf(text, /^MemAvailable: +(\d+)/m) * 1024,
      limit: numberOf(text, /^MemTotal: +(\d+)/m) * 1024,
    };
  }

  /** Throws if the cgroup has no limit. Cached file pages that can be dropped at once do not count as used. */
  private async readCgroup(): Promise<Share> {
    const [, path = "/"] = /^0::(.*)$/m.exec(await this.file("proc/self/cgroup")) ?? [];
    const read = (name: string) => this.file(join("sys/fs/cgroup", path, name));
    const [max, current, stat] = await Promise.all(["memory.max", "memory.current", "memory.stat"].map(read));
    const limit = numberOf(max, /^(\d+)/);
    const used = numberOf(current, /^(\d+)/) - numberOf(stat, /^inactive_file (\d+)/m);
    return { left: limit - used, limit };
  }

  private file(path: string): Promise<string> {
    return readFile(join(this.root, path), "utf8");
  }
}

function numberOf(text: string | undefined, pattern: RegExp): number {
  const [, digits] = pattern.exec(text ?? "") ?? [];
  if (digits === undefined) throw new Error(`no ${pattern}`);
  return Number(digits);
}
