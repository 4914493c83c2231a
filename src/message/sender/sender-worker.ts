import type { BullMqModule, Job, Worker } from "../../store/bullmq/module.js";
import { createWorker } from "../../store/bullmq/worker.js";
import type { RedisClient } from "../../store/redis/address.js";
import type { Logger } from "../../telemetry/log/log.js";
import type { Breaker } from "../delivery/breaker.js";
import type { Deliverer } from "../delivery/deliver.js";
import type { BreakerState, DeliveryMetrics } from "../delivery/delivery-metrics.js";
import { type JobData, queueOf, toDeliveryJob } from "../record/delivery-job.js";
import { Concurrency } from "./concurrency.js";

export interface SenderWorkerOptions {
  sender: string;
  prefix: string;
  /** The most requests to the Cloud API at a time. */
  concurrency: number;
}

/** The BullMQ worker of one sending number. It pauses while its breaker is open. */
export class SenderWorker {
  readonly concurrency: Concurrency;
  private readonly worker: Worker<JobData>;
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(
    bullmq: BullMqModule,
    connection: RedisClient,
    private readonly deliverer: Deliverer,
    private readonly breaker: Breaker,
    private readonly options: SenderWorkerOptions,
    private readonly metrics: DeliveryMetrics,
    private readonly log: Logger,
  ) {
    const { sender, prefix, concurrency } = options;
    this.concurrency = new Concurrency(concurrency, () => this.tune());
    const settings = { queue: queueOf(sender), prefix, concurrency };
    const onError = (error: Error) => log.debug({ err: error, sender }, "worker of a sending number");
    this.worker = createWorker<JobData>(bullmq, connection, settings, (job) => this.process(job), onError);
    this.worker.on("failed", (_, error) =>
      log.error({ err: error, sender }, "a message's job failed and will run again"),
    );
    breaker.on("change", (state) => this.obey(state));
    metrics.breakerChanged(sender, "closed");
  }

  start(): void {
    const { sender } = this.options;
    this.worker
      .run()
      .catch((error) => this.log.error({ err: error, sender }, "the worker of a sending number stopped"));
  }

  /** Takes no more jobs. Resolves when the jobs under way are finished, or at once if `force` is set. */
  async close(force = false): Promise<void> {
    this.breaker.close();
    await this.worker.close(force);
  }

  /** Resolves when all requests under way are answered and settled. It does not wait for Redis. */
  async delivered(): Promise<void> {
    await Promise.allSettled(this.underWay);
  }

  private process(job: Job<JobData>): Promise<number | undefined> {
    const delivery = this.deliverer.deliver(toDeliveryJob(job.id as string, job.data));
    this.underWay.add(delivery);
    return delivery.finally(() => this.underWay.delete(delivery));
  }

  private obey(state: BreakerState): void {
    const { sender } = this.options;
    const { code, openForMs } = this.breaker;
    this.metrics.breakerChanged(sender, state);
    this.metrics.senderStopped(sender, code);
    this.tune();
    if (state !== "open") void this.worker.resume();
    else void this.worker.pause(true);
    const why = code === undefined ? "the Cloud API fails" : `the Cloud API refuses all it sends (code ${code})`;
    if (state === "open")
      this.log.error({ sender, forMs: Math.round(openForMs) }, `a sending number is paused: ${why}`);
    if (state === "closed") this.log.info({ sender }, "a sending number sends again");
  }

  /** One message is enough for a trial. */
  private tune(): void {
    this.worker.concurrency = this.breaker.state === "trial" ? 1 : this.concurrency.value;
  }
}
