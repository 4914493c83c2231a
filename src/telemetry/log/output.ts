import { write, writeSync } from "node:fs";
import { openWithoutBlocking } from "./fd.js";

/**
 * If more than this many bytes wait for a slow reader, new lines are dropped. When the reader goes on, a line tells how
 * many.
 */
const maxWaiting = 4 << 20;
const retryMs = 50;
/** Unicode's own line breaks. JSON leaves them as they are, but many readers end a line there, Node's among them. */
const unicodeBreak = /[\u0085\u2028\u2029]/g;
/** How long a process that ends tries to write its last lines, and the pause between two tries. In milliseconds. */
const [lastMs, lastRetryMs] = [1000, 5];

/**
 * The output of a process' log. Writing never blocks and never fails. So a flood of log lines does not wait for a slow
 * terminal. And a full disk or a closed terminal does not end the service. (If pino's own destination cannot write its
 * last lines, it retries for ever, in a busy loop.)
 */
export class LogOutput {
  private waiting: string[] = [];
  private waitingBytes = 0;
  private dropped = 0;
  private chunk: Buffer = Buffer.alloc(0);
  private writing = false;
  private readonly fd: number;

  /** The line about dropped lines has `role`, as all other lines have. */
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
    const whole = line.replace(unicodeBreak, escapeBreak);
    this.waiting.push(whole);
    this.waitingBytes += Buffer.byteLength(whole);
    if (this.writing) return;
    this.writing = true;
    setImmediate(() => this.writeNext()); // Together with the other lines of this event loop tick.
  }

  /** Writes the waiting lines, as far as the reader takes them within a second. pino calls this for a fatal line. */
  flushSync(): void {
    // A chunk whose write is still under way may be written twice. But it is not lost.
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
    // A chunk that cannot be written is lost: there is no other place to report the error.
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

function escapeBreak(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

const nothing = new Int32Array(new SharedArrayBuffer(4));

/** How many bytes the reader took; 0: none yet. undefined: nobody reads any more. */
function writeSome(fd: number, bytes: Buffer, at: number): number | undefined {
  try {
    return writeSync(fd, bytes, at);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : undefined;
  }
}
