import { closeSync, copyFileSync, openSync, readSync, statSync, truncateSync } from "node:fs";

const defaultMaxBytes = 10 << 20;
/** Of what a server has written of late, so much is looked at. */
const maxRead = 1 << 20;

/** A log that a server appends to by itself, kept from growing without end. */
export class LogFile {
  constructor(
    readonly path: string,
    private readonly maxBytes = defaultMaxBytes,
  ) {}

  /** In bytes; 0 if it is not there yet. */
  get size(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** What was written since it had so many bytes; of much, the last. */
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

  /** Where it is too large, puts it aside, in place of what is there. The server writes on into the same file. */
  cut(): void {
    if (this.size <= this.maxBytes) return;
    copyFileSync(this.path, `${this.path}.old`);
    truncateSync(this.path);
  }
}
