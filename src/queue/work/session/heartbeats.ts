import { setTimeout as sleep } from "node:timers/promises";
import { PostaError } from "../../../errors/posta-error.js";
import type { CancelOrder } from "../cancel-order.js";
import type { ExtendResult, LeaseExtender } from "../leases/lease-extender.js";
import type { HeldLease, HeldLeases } from "./held-leases.js";

/** Between two tries to extend what a worker resumes, in milliseconds. */
const resumePauseMs = 250;

export interface HeartbeatParts {
  held: HeldLeases;
  extender: LeaseExtender;
  leaseMs: number;
  /** A lease that was extended more recently is left alone: a worker acknowledges each message by a heartbeat. */
  freshMs: number;
  /** The worker is to stop working on a job. */
  onCancel(order: CancelOrder): void;
}

/** Extends the leases of a session's worker. Answers those that are lost, and forgets them. */
export class Heartbeats {
  private isExtending = false;

  constructor(private readonly parts: HeartbeatParts) {}

  /** The worker shows the jobs that it has from an earlier session. Waits up to `ms` for a store that is away, then rejects. */
  async resume(ms: number, signal: AbortSignal): Promise<HeldLease[]> {
    const until = performance.now() + ms;
    const lost = await this.extend(isUnshown, true);
    while (this.parts.held.byQueue(isUnshown).size > 0 && performance.now() < until && !signal.aborted) {
      await sleep(resumePauseMs, undefined, { signal }).catch(() => {});
      lost.push(...(await this.extend(isUnshown, true)));
    }
    if (this.parts.held.byQueue(isUnshown).size > 0) {
      const problem = "the leases of the resumed jobs cannot be extended now: open a new session";
      throw new PostaError("unavailable", problem, { retryAfterMs: 1000 });
    }
    return lost;
  }

  /** The worker is alive, and has received the messages up to `acknowledged`. */
  async beat(acknowledged: number): Promise<HeldLease[]> {
    if (this.isExtending) return [];
    this.isExtending = true;
    const before = performance.now() - this.parts.freshMs;
    const isDue = (lease: HeldLease) => lease.sequence <= acknowledged && lease.extendedAt <= before;
    // What could not be extended when the worker resumed it is still to be shown.
    const [shown, others] = await Promise.all([
      this.extend(isUnshown, true),
      this.extend((lease) => isDue(lease) && !isUnshown(lease), false),
    ]);
    this.isExtending = false;
    return [...shown, ...others];
  }

  /** If the store fails, nothing is lost: the next heartbeat asks again. */
  private async extend(which: (lease: HeldLease) => boolean, isShown: boolean): Promise<HeldLease[]> {
    const { held, extender, leaseMs } = this.parts;
    const askedAt = performance.now();
    const extended = [...held.byQueue(which)].map(async ([queue, leases]) => {
      const results = await extender.extend(queue, leases, { leaseMs, isShown });
      return leases.filter((lease, place) => this.isLost(lease, results[place], askedAt));
    });
    return (await Promise.all(extended)).flat();
  }

  private isLost(lease: HeldLease, result: ExtendResult | PostaError | undefined, askedAt: number): boolean {
    if (result === undefined || result instanceof PostaError) return false;
    if (result.cancel) this.parts.onCancel(result.cancel);
    if (result.isHeld) lease.extendedAt = askedAt;
    // What was reported meanwhile is no loss.
    return !result.isHeld && this.parts.held.remove(lease) !== undefined;
  }
}

/** A lease from an earlier session that this session has not extended yet. */
function isUnshown({ sequence, extendedAt }: HeldLease): boolean {
  return sequence === 0 && extendedAt === 0;
}
