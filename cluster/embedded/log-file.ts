import { closeSync, copyFileSync, openSync, readSync, statSync, truncateSync } from "node:fs";

const defaultMaxBytes = 10 << 20;
/** Maximum bytes that `readSince` reads. */
const maxRead = 1 << 20;

/** A log that a server appends to by itself. `cut` limits its size. */
export class LogFile {
  constructor(
    readonly path: string,
    private readonly maxBytes = defaultMaxBytes,
  ) {}

  /** In bytes; 0 if the file does not exist yet. */
  get size(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** The text that was written after the first `offset` bytes; at most the last `maxRead` bytes. */
  readSince(offset: number): string {
    const from = Math.max(offset, this.size - maxRead);
    const bytes = Buffer.alloc(Math.max(0, this.size - from));
    if (bytes.length === 0) return "";
    const file = openSync(this.path, "r");
    try {
      return bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, from));
    } finally {
      closeSync(file);
    }
  }

  /** If the log is too large, copies it to ".old" and empties it. The server continues to write into the same file. */
  cut(): void {
    if (this.size <= this.maxBytes) return;
    copyFileSync(this.path, `${this.path}.old`);
    truncateSync(this.path);
  }
}
