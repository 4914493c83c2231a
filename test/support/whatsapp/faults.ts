/** Something that goes wrong with one request. */
export type Fault =
  /** An error of the API, after the request was found good; it is not taken. */
  | { kind: "error"; code: number; httpStatus?: number; details?: string }
  /** A page of what stands before the API; the request is not taken. */
  | { kind: "http"; status: number }
  /** The connection is reset while the request is unread. */
  | { kind: "reset-unread" }
  /** It is taken, and the connection reset before the answer. */
  | { kind: "reset-taken" }
  /** It is taken, and half of the answer comes before the reset. */
  | { kind: "half-answer" }
  /** It is taken, and the answer's body takes so long. */
  | { kind: "slow-body"; ms: number }
  /** It is taken, and never answered. */
  | { kind: "no-answer" }
  /** It is neither taken nor answered. */
  | { kind: "swallow" };

/** A fault that comes to a share of the requests, 0 to 1. */
export interface FaultRate {
  fault: Fault;
  share: number;
}

/** Decides which request meets which fault. */
export class Faults {
  private queued: { fault: Fault; sender?: string | undefined }[] = [];
  private rates: FaultRate[] = [];

  constructor(private readonly random: () => number) {}

  /** Each comes once, to the next request that is there, before any rate counts; of this number, if it is named. */
  queue(faults: Fault[], sender?: string): void {
    this.queued.push(...faults.map((fault) => ({ fault, sender })));
  }

  /** From now on, in place of the rates before. */
  setRates(rates: FaultRate[]): void {
    this.rates = rates;
  }

  clear(): void {
    this.queued = [];
    this.rates = [];
  }

  take(sender: string): Fault | undefined {
    const index = this.queued.findIndex((queued) => queued.sender === undefined || queued.sender === sender);
    if (index >= 0) return this.queued.splice(index, 1)[0]?.fault;
    if (this.rates.length === 0) return undefined;
    const draw = this.random();
    let upTo = 0;
    for (const { fault, share } of this.rates) {
      upTo += share;
      if (draw < upTo) return fault;
    }
    return undefined;
  }
}
