import type { WaitingCall } from "../leaser.js";

/** The calls that wait for jobs in this server, so that an order to end reaches their workers at once. */
export class WaitingCalls {
  private readonly calls = new Set<WaitingCall>();

  /** Returns what forgets the call. */
  add(call: WaitingCall): () => void {
    this.calls.add(call);
    return () => this.calls.delete(call);
  }

  /** Ends the waits of those workers. */
  stop(which: (worker: string, queue: string) => boolean): void {
    for (const { worker, queue, stop } of this.calls) if (which(worker, queue)) stop();
  }
}
