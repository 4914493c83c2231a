import { setTimeout as sleep } from "node:timers/promises";
import { uuidv7 } from "uuidv7";
import { toPostaError } from "../errors.js";
import type { Logger } from "../log.js";
import { PostgresError } from "../store/postgres-errors.js";
import type { Breaker } from "./breaker.js";
import type { Claimed, Claims } from "./claim.js";
import { again, type Decision, decide } from "./decide.js";
import type { DeliveryMetrics } from "./delivery-metrics.js";
import type { Errand } from "./errand.js";
import type { Limits } from "./limits.js";
import type { Postponer } from "./postpone.js";
import type { Settler } from "./settle.js";
import type { SlotWait } from "./slot-wait.js";
import type { SendAnswer } from "./whatsapp.js";

/** What a delivery is made of; one of each for a process. */
export interface DeliverParts {
  claims: Claims;
  settler: Settler;
  postponer: Postponer;
  limits: Limits;
  client: { send(sender: string, body: string): Promise<SendAnswer> };
  metrics: DeliveryMetrics;
  log: Logger;
}

export interface DeliverOptions {
  maxAttempts: number;
  /** Whether there is a rate, so that a slot is a moment and not just leave. */
  paced: boolean;
  stopping: AbortSignal;
}

/** A claim takes about so long: it is made so long before the slot, which is then met exactly. */
const claimLeadMs = 50;
/** A slot that is missed by more is not used: what comes too late comes too near to what follows. */
const maxLateMs = 8;
/** A claim that is older must not be used: soon others will take its process for dead. */
const maxClaimMs = 4000;
/** How long a number is held back that is over its rate, in all processes. */
const slowDownMs = 1000;
/** While the breaker is open this process' worker rests: the job is there again when it, or another process, takes jobs. */
const restMs = 1000;
/** When a message comes back that PostgreSQL could not be asked about. */
const outageMs = 1000;

/** Sends the messages of one number: each when its limits allow it, and once. */
export class Deliverer {
  constructor(
    private readonly sender: string,
    private readonly parts: DeliverParts,
    private readonly breaker: Breaker,
    private readonly slots: SlotWait,
    private readonly options: DeliverOptions,
  ) {}

  /** Resolves when there is nothing more to do for the job; to a number if it is to come back, after so many milliseconds. */
  async deliver(errand: Errand): Promise<number | undefined> {
    const begun = performance.now();
    const slot = await this.slots.take(errand, () => this.mayBegin());
    if (slot?.kind === "pair") return this.postpone(errand, slot.waitMs);
    if (slot) await this.slots.until(slot.timeMs - claimLeadMs);
    if (!slot || !this.mayBegin()) return Math.min(this.breaker.openForMs, restMs);
    this.parts.metrics.waitedForSlot((performance.now() - begun) / 1000);
    return this.claimAndSend(errand, slot.timeMs);
  }

  private mayBegin(): boolean {
    return !this.options.stopping.aborted && this.breaker.state !== "open";
  }

  private async postpone(errand: Errand, afterMs: number): Promise<number | undefined> {
    this.parts.metrics.delayedPair();
    return this.parts.postponer.postpone(errand, afterMs).then(
      () => undefined,
      () => outageMs,
    );
  }

  /** From the claim on there is no way back but a settlement. */
  private async claimAndSend(errand: Errand, slotMs: number): Promise<number | undefined> {
    const { claims, settler } = this.parts;
    const claim = uuidv7();
    const claimedAt = performance.now();
    try {
      const message = await claims.take(errand, claim);
      if (!message) return undefined;
      const decision = await this.send(errand, message, slotMs, claimedAt);
      await settler.settle({ id: message.id, claim, decision });
      return undefined;
    } catch (thrown) {
      return this.comeBack(thrown, errand.id, claim);
    }
  }

  /** PostgreSQL failed. The message may have been claimed all the same: then it is given back. */
  private async comeBack(thrown: unknown, id: string, claim: string): Promise<number> {
    const error = toPostaError(thrown);
    if (error.code !== "unavailable")
      this.parts.log.error({ err: error.cause, messageId: id }, "a message was not claimed");
    if (error instanceof PostgresError && error.lost) {
      await this.parts.settler.settle({ id, claim, decision: again("the database was lost; nothing was sent", 0) });
    }
    return outageMs;
  }

  private async send(errand: Errand, message: Claimed, slotMs: number, claimedAt: number): Promise<Decision> {
    const isInTime = await this.meetSlot(errand, slotMs);
    if (!isInTime || performance.now() - claimedAt > maxClaimMs) return again("it was too late; nothing was sent", 0);
    const answer = await this.breaker.run(() => this.request(message));
    if (!answer) return again("the number is held up; nothing was sent", 0);
    if (answer.kind === "refused" && answer.verdict === "slow-down") {
      await this.parts.limits.hold(this.sender, slowDownMs).catch(() => {}); // Redis is away: nobody sends.
    }
    return decide(answer, message, this.options.maxAttempts);
  }

  /** Waits for the slot, and for others after it if it was missed; false if there is none near. */
  private async meetSlot(errand: Errand, slotMs: number): Promise<boolean> {
    if (!this.options.paced) return true;
    let dueMs: number | undefined = slotMs;
    while (dueMs !== undefined) {
      // Also while the process stops: a claim is to be settled.
      if (dueMs > Date.now()) await sleep(dueMs - Date.now());
      if (Date.now() - dueMs <= maxLateMs) return true;
      dueMs = await this.slots.takeAgain(errand);
    }
    return false;
  }

  private async request({ sender, body }: Claimed): Promise<SendAnswer> {
    const begun = performance.now();
    const answer = await this.parts.client.send(sender, body);
    this.parts.metrics.requested(answer.kind, (performance.now() - begun) / 1000);
    return answer;
  }
}
