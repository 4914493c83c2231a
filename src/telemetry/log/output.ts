import { write, writeSync } from "node:fs";
import { openWithoutBlocking } from "./fd.js";

/** Lines that wait for a slow reader are dropped beyond this many bytes; how many is said once it reads again. */
const maxWaiting = 4 << 20;
const retryMs = 50;
/** How long the last lines of a process may wait for their reader, and how often they are tried. In milliseconds. */
const [lastMs, lastRetryMs] = [1000, 5];

/**
 * Where a process' log goes. Writing never blocks and never fails: a flood of failures must not wait for a slow terminal,
 * nor a full disk or a closed terminal end the service. (pino's own destination retries for ever, in a busy loop, when its
 * last lines cannot be written.)
 */
export class LogOutput {
  private waiting: string[] = [];
  private waitingBytes = 0;
  private dropped = 0;
  private chunk: Buffer = Buffer.alloc(0);
  private writing = false;
  private readonly fd: number;

  /** `role` is in its own line, as in all others. */
  constructor(
    fd: number,
    private readonly role: string,
  ) {
    this.fd = openWithoutBlocking(fd);
    process.on("exit", () => this.flushSync());
  }

  write(line: string): void {
    if (this.waitingBytes > maxWaiting) {
      this.dropped += 1;
      return;
    }
    this.waiting.push(line);
    this.waitingBytes += Buffer.byteLength(line);
    if (this.writing) return;
    this.writing = true;
    setImmediate(() => this.writeNext()); // With what else this turn logs.
  }

  /** Writes what waits, as far as the reader takes it within a second; pino calls it for a fatal line. */
  flushSync(): void {
    // A chunk that is on its way may come twice; it is not lost.
    const rest = Buffer.concat([this.chunk, Buffer.from(this.takeWaiting())]);
    this.chunk = Buffer.alloc(0);
    const until = performance.now() + lastMs;
    for (let at = 0; at < rest.length && performance.now() < until; ) {
      const written = writeSome(this.fd, rest, at);
      if (written === undefined) return;
      if (written === 0) Atomics.wait(nothing, 0, 0, lastRetryMs);
      at += written;
    }
  }

  private writeNext(): void {
    if (this.chunk.length === 0) this.chunk = Buffer.from(this.takeWaiting());
    this.writing = this.chunk.length > 0;
    if (this.writing) write(this.fd, this.chunk, this.onWritten);
  }

  private readonly onWritten = (error: NodeJS.ErrnoException | null, written: number) => {
    if (error?.code === "EAGAIN") {
      setTimeout(() => this.writeNext(), retryMs).unref();
      return;
    }
    // What cannot be written is gone: there is no other place to say so.
    this.chunk = error ? Buffer.alloc(0) : this.chunk.subarray(written);
    this.writeNext();
  };

  private takeWaiting(): string {
    const text = this.waiting.join("");
    const note = this.dropped > 0 ? `${JSON.stringify(this.tellDropped())}\n` : "";
    this.waiting = [];
    this.waitingBytes = 0;
    this.dropped = 0;
    return text + note;
  }

  private tellDropped(): object {
    return {
      level: 40,
      time: Date.now(),
      role: this.role,
      pid: process.pid,
      msg: `${this.dropped} log lines were dropped`,
    };
  }
}

const nothing = new Int32Array(new SharedArrayBuffer(4));

/** How many bytes were taken, perhaps none yet; undefined: nobody reads any more. */
function writeSome(fd: number, bytes: Buffer, at: number): number | undefined {
  try {
    return writeSync(fd, bytes, at);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : undefined;
  }
}
