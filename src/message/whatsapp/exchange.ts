import type { Dispatcher } from "undici";

/** An answer with more than this is not the Cloud API's. */
const maxAnswerBytes = 256 << 10;

/** How a request ended. */
export type Outcome =
  | { kind: "answer"; status: number; text: string }
  /** No whole answer came. `written`: the other side may have read the request. */
  | { kind: "broken"; written: boolean; reason: string };

/**
 * Sends one request, once, and waits for its whole answer until the deadline. Never rejects. undici reports when it
 * hands the request to an open connection. Before that nothing has left, so it is known whether the request was
 * written.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  timeoutMs: number,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const handler = new Exchange(timeoutMs, resolve);
    try {
      dispatcher.dispatch(request, handler);
    } catch (error) {
      handler.fail(error as Error);
    }
  });
}

class Exchange implements Dispatcher.DispatchHandler {
  private readonly deadline: NodeJS.Timeout;
  private controller: Dispatcher.DispatchController | undefined;
  private ended = false;
  private status = 0;
  private chunks: Buffer[] = [];
  private size = 0;

  constructor(
    timeoutMs: number,
    private readonly resolve: (outcome: Outcome) => void,
  ) {
    this.deadline = setTimeout(() => {
      this.fail(new Error(`no ${this.controller ? "answer" : "connection"} in ${timeoutMs} ms`));
    }, timeoutMs);
  }

  /** undici writes the request next, unless it is aborted here. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // The request may get a connection only after its time is over. It must also never be written to a second
    // connection.
    if (this.ended || this.controller) controller.abort(new Error("is over"));
    else this.controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size > maxAnswerBytes) this.fail(new Error(`an answer of more than ${maxAnswerBytes} bytes`));
    else this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.end({ kind: "answer", status: this.status, text: Buffer.concat(this.chunks).toString() });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  fail(error: Error): void {
    const written = this.controller !== undefined;
    this.end({ kind: "broken", written, reason: describe(error) });
    this.controller?.abort(error);
  }

  private end(outcome: Outcome): void {
    clearTimeout(this.deadline);
    this.ended = true;
    this.chunks = [];
    this.resolve(outcome);
  }
}

/** The error for a host with several addresses has a code and no message. */
function describe(error: Error & { code?: string }): string {
  return error.message || error.code || error.name;
}
