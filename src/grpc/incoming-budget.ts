import { PostaError } from "../errors.js";

/** Bounds the bytes of requests that have come in and are not decoded yet, those of all calls of a process together. */
export class IncomingBudget {
  private held = 0;

  constructor(private readonly maxBytes: number) {}

  /** Throws exhausted if there is no room for as many bytes more. */
  take(bytes: number): void {
    if (this.held + bytes > this.maxBytes) {
      const problem = `over ${this.maxBytes} bytes of requests are coming in to this server; nothing was done`;
      throw new PostaError("exhausted", problem, { retryAfterMs: 250 });
    }
    this.held += bytes;
  }

  give(bytes: number): void {
    this.held -= bytes;
  }
}
