import { setTimeout as sleep } from "node:timers/promises";
import { toPostaError } from "../../errors/posta-error.js";
import { type Job, loadBullMq, type Worker } from "../../store/bullmq/module.js";
import { createWorker } from "../../store/bullmq/worker.js";
import { untilLost } from "../../store/bullmq/worker-connection.js";
import type { RedisClient } from "../../store/redis/address.js";
import type { Logger } from "../../telemetry/log/log.js";
import type { WebhookApplier } from "./webhook-applier.js";
import { webhookQueue } from "./webhook-job.js";
import type { BodyOutcome, WebhookMetrics } from "./webhook-metrics.js";

/** Where the queue is. */
export interface WebhookQueueOptions {
  queuePrefix: string;
  /** How long a stop waits for the bodies under way, in milliseconds. */
  drainTimeoutMs: number;
}

/** How many bodies are applied at a time. They share the round trips to PostgreSQL. */
const concurrency = 100;
/** How long a body that PostgreSQL could not take waits at least, in milliseconds. */
const retryMs = 1000;
/** How long a worker may take to close without Redis, in milliseconds. */
const farewellMs = 1000;

/** Applies the webhooks in their queue. Any number of processes may do so at a time. */
export class WebhookWorker {
  private worker: Worker | undefined;
  private client: RedisClient | undefined;
  private active = false;
  private stopped = false;
  /** Starts, pauses and resumes run one after the other. */
  private changing = Promise.resolve();

  constructor(
    private readonly options: WebhookQueueOptions,
    private readonly connect: () => RedisClient,
    private readonly applier: WebhookApplier,
    private readonly metrics: WebhookMetrics,
    private readonly log: Logger,
  ) {}

  /** `active`: whether PostgreSQL can take webhooks. While it cannot, the webhooks stay in their queue. */
  setActive(active: boolean): void {
    this.active = active;
    this.changing = this.changing
      .then(() => this.change())
      .catch((error) => {
        this.log.error({ err: error }, "the worker of the webhooks could not be started or paused");
      });
  }

  /** Waits for the bodies under way. If a body does not finish in time, another process applies it again. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.changing;
    if (this.client) await Promise.race([this.worker?.close(), this.untilTooLate(this.client)]);
    this.client?.disconnect();
  }

  /** Limits how long a stop waits. BullMQ waits even for a Redis that is gone, but no job can finish without Redis. */
  private async untilTooLate(client: RedisClient): Promise<void> {
    const wait = (ms: number) => sleep(ms, undefined, { ref: false });
    await Promise.race([wait(this.options.drainTimeoutMs), untilLost(client).then(() => wait(farewellMs))]);
  }

  private async change(): Promise<void> {
    if (this.stopped) return;
    if (!this.active) await this.worker?.pause(true);
    else if (this.worker) await this.worker.resume();
    else await this.start();
  }

  private async start(): Promise<void> {
    const bullmq = await loadBullMq();
    this.client = this.connect();
    const settings = { queue: webhookQueue, prefix: this.options.queuePrefix, concurrency };
    const onError = (error: Error) => this.log.debug({ err: error }, "worker of the webhooks");
    this.worker = createWorker(bullmq, this.client, settings, (job) => this.process(job), onError);
    this.worker.run().catch(onError);
  }

  private async process(job: Job): Promise<number | undefined> {
    try {
      await this.applier.apply(job.data, new Date(job.timestamp), job.attemptsMade > 0);
      this.metrics.countBody("applied");
      return undefined;
    } catch (thrown) {
      const error = toPostaError(thrown);
      const outcome = outcomeOf(error.code);
      this.metrics.countBody(outcome);
      if (outcome === "failed") throw this.explain(error.cause ?? error, job);
      // This does not count as an attempt. The body is tried again until PostgreSQL is back.
      return retryMs * (1 + Math.random());
    }
  }

  private explain(error: unknown, { id }: Job): Error {
    this.log.error({ err: error, job: id }, "a webhook could not be applied; trying again");
    return error as Error;
  }
}

function outcomeOf(code: string): BodyOutcome {
  return code === "unavailable" || code === "exhausted" ? "delayed" : "failed";
}
