import { z } from "zod";

const ms = z.number().min(0);
const status = z.int().min(200).max(599);

/** Something that goes wrong with one request. */
export const faultSchema = z.discriminatedUnion("kind", [
  /** An error of the API, after the request was found good; it is not taken. */
  z.strictObject({
    kind: z.literal("error"),
    code: z.int(),
    httpStatus: status.optional(),
    details: z.string().optional(),
  }),
  /** A page of what stands before the API; the request is not taken. */
  z.strictObject({ kind: z.literal("http"), status }),
  /** The connection is reset while the request is unread. */
  z.strictObject({ kind: z.literal("reset-unread") }),
  /** It is taken, and the connection reset before the answer. */
  z.strictObject({ kind: z.literal("reset-taken") }),
  /** It is taken, and half of the answer comes before the reset. */
  z.strictObject({ kind: z.literal("half-answer") }),
  /** It is taken, and the answer's body takes so long. */
  z.strictObject({ kind: z.literal("slow-body"), ms }),
  /** It is taken, and never answered. */
  z.strictObject({ kind: z.literal("no-answer") }),
  /** It is neither taken nor answered. */
  z.strictObject({ kind: z.literal("swallow") }),
]);
export type Fault = z.infer<typeof faultSchema>;

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
