import { setTimeout as sleep } from "node:timers/promises";
import { uuidv7 } from "uuidv7";
import { Semaphore } from "../../batching/semaphore.js";
import { toPostaError } from "../../errors/posta-error.js";
import { PostgresError } from "../../store/postgres/errors.js";
import type { Logger } from "../../telemetry/log/log.js";
import type { DeliveryJob } from "../record/delivery-job.js";
import type { SendAnswer } from "../whatsapp/answer.js";
import type { Breaker } from "./breaker.js";
import type { Claimed, Claims } from "./claim.js";
import type { DeliveryMetrics } from "./delivery-metrics.js";
import { Permits } from "./permits.js";
import type { Limits } from "./rate-limits.js";
import type { Rescheduler } from "./rescheduler.js";
import { again, type Decision, decide, logDecision } from "./retry-rules.js";
import type { Settler } from "./settle.js";

/** The objects that deliveries use. A process has one of each. */
export interface DeliverParts {
  claims: Claims;
  settler: Settler;
  rescheduler: Rescheduler;
  limits: Limits;
  client: { send(sender: string, body: string): Promise<SendAnswer> };
  metrics: DeliveryMetrics;
  log: Logger;
}

export interface DeliverOptions {
  maxAttempts: number;
  /**
   * How many messages may be claimed and wait for their permits. Messages should be claimed only shortly before they
   * get their permits.
   */
  ahead: number;
  stopping: AbortSignal;
}

/** An older claim must not be used: soon the sweep takes its process for dead. */
const maxClaimMs = 4000;
/** How long a number that is over its rate pauses, in all processes. */
const slowDownMs = 1000;
/**
 * While the breaker is open, this process' worker pauses. After this time at most, this process or another one may take
 * the job again.
 */
const restMs = 1000;
/** How long a message or its job waits if a store did not answer. */
const outageMs = 1000;

/** Sends the messages of one number: each message once, when the number's limits allow it. */
export class Deliverer {
  private readonly semaphore: Semaphore;
  private readonly permits: Permits;

  constructor(
    private readonly sender: string,
    private readonly parts: DeliverParts,
    private readonly breaker: Breaker,
    private readonly options: DeliverOptions,
  ) {
    this.semaphore = new Semaphore(options.ahead);
    this.permits = new Permits(sender, parts.limits);
  }

  /**
   * Resolves to undefined when nothing is left to do for the job. A number: the job is to come back after so many
   * milliseconds.
   */
  async deliver(job: DeliveryJob): Promise<number | undefined> {
    const begun = performance.now();
    await this.semaphore.enter();
    let isInside = true;
    const leave = () => {
      if (isInside) this.semaphore.leave();
      isInside = false;
    };
    const onPermit = () => {
      leave();
      this.parts.metrics.waitedForPermit((performance.now() - begun) / 1000);
    };
    return this.deliverInside(job, onPermit).finally(leave);
  }

  private async deliverInside(job: DeliveryJob, onPermit: () => void): Promise<number | undefined> {
    if (!this.mayBegin()) return Math.min(this.breaker.openForMs, restMs);
    const delayMs = await this.parts.limits.pairDelay(this.sender, job.recipient, job.id).catch(() => undefined);
    if (delayMs === undefined) return this.waitForRedis();
    if (delayMs > 0) return this.postpone(job, delayMs);
    return this.claimAndSend(job, onPermit);
  }

  private mayBegin(): boolean {
    return !this.options.stopping.aborted && this.breaker.state !== "open";
  }

  /** Waits before the job goes back to its queue. BullMQ itself then waits until Redis is back. */
  private async waitForRedis(): Promise<number> {
    await sleep(outageMs, undefined, { signal: this.options.stopping }).catch(() => {}); // The process is stopping.
    return 0;
  }

  private async postpone(job: DeliveryJob, afterMs: number): Promise<number | undefined> {
    this.parts.metrics.delayedPair();
    const isDone = await this.parts.rescheduler.postpone(job, afterMs).then(
      () => true,
      () => false,
    );
    return isDone ? undefined : outageMs;
  }

  /** Once a message is claimed, every path ends with its settlement. */
  private async claimAndSend(job: DeliveryJob, onPermit: () => void): Promise<number | undefined> {
    const { claims, settler } = this.parts;
    const { id } = job;
    const claim = uuidv7();
    const claimedAt = performance.now();
    let message: Claimed | undefined;
    try {
      message = await claims.take(job, claim);
    } catch (thrown) {
      return this.comeBack(thrown, id, claim);
    }
    if (!message) return undefined;
    const decision = await this.send(message, claimedAt, onPermit);
    logDecision(this.parts.log, message, decision);
    await settler.settle({ id, claim, decision });
    return undefined;
  }

  /** PostgreSQL failed. The message may have been claimed all the same. If so, it goes back into the outbox. */
  private async comeBack(thrown: unknown, id: string, claim: string): Promise<number> {
    const error = toPostaError(thrown);
    if (error.code !== "unavailable")
      this.parts.log.error({ err: error.cause, messageId: id }, "a message was not claimed");
    if (error instanceof PostgresError && error.lost) {
      await this.parts.settler.settle({ id, claim, decision: again("the database was lost; nothing was sent", 0) });
    }
    return outageMs;
  }

  private async send(message: Claimed, claimedAt: number, onPermit: () => void): Promise<Decision> {
    const leftMs = () => claimedAt + maxClaimMs - performance.now();
    const mayGo = await this.permits.take(leftMs());
    onPermit();
    if (!mayGo) return again("there was no permit in time; nothing was sent", 0);
    const answer = await this.breaker.run(() => this.request(message)).finally(() => this.permits.done());
    if (!answer) return again("the number is paused; nothing was sent", 0);
    if (answer.kind === "refused" && answer.verdict === "slow-down") {
      await this.parts.limits.pauseSender(this.sender, slowDownMs).catch(() => {}); // Without Redis no process sends.
    }
    return decide(answer, message, this.options.maxAttempts);
  }

  private async request({ sender, body }: Claimed): Promise<SendAnswer> {
    const begun = performance.now();
    const answer = await this.parts.client.send(sender, body);
    this.parts.metrics.requested(answer.kind, (performance.now() - begun) / 1000);
    return answer;
  }
}
