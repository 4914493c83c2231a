import type { ChainableCommander } from "ioredis";
import { toStoreError } from "../redis/errors.js";
import type { RedisStore } from "../redis/store.js";
import { toQueueError } from "./errors.js";
import {
  type BullMqModule,
  type IRedisTransaction,
  type JobJson,
  type JobsOptions,
  loadBullMq,
  type Queue,
  type QueueOptions,
  type RedisQueueBackend,
} from "./module.js";

/** A transaction that takes both plain commands and BullMQ's scripts. */
type Transaction = ChainableCommander & IRedisTransaction;

interface Shared {
  bullmq: BullMqModule;
  /** The backend of no queue: only its siblings are used. */
  backend: RedisQueueBackend;
}

/**
 * BullMQ's own API on the store's one connection, for everything that the fast path does not do. A queue is a light
 * object on a shared backend: it is made for one call and needs no closing.
 */
export class BullAdapter {
  private loading: Promise<Shared> | undefined;

  constructor(
    private readonly store: RedisStore,
    readonly prefix: string,
    private readonly loadModule: () => BullMqModule | Promise<BullMqModule> = loadBullMq,
  ) {}

  /**
   * A queue whose operations fail with BullMQ's own errors. With `writesMeta` the new queue writes its meta key. Throws
   * unavailable while Redis cannot be used.
   */
  async queue<Data = unknown>(name: string, { writesMeta = false } = {}): Promise<Queue<Data>> {
    const { bullmq, backend } = await this.shared();
    const options: QueueOptions = { connection: {}, prefix: this.prefix, skipMetasUpdate: !writesMeta };
    // The third argument makes a queue of the backend's siblings: without it each queue would listen on the connection.
    return new bullmq.Queue<Data>(name, options, () => backend.forQueue(name) as RedisQueueBackend);
  }

  /** Runs operations of BullMQ on a queue, or on one job of it. Throws their errors as PostaErrors. */
  async run<Result>(name: string, operate: (queue: Queue) => Promise<Result>, jobId?: string): Promise<Result> {
    const queue = await this.queue(name);
    try {
      return await operate(queue);
    } catch (error) {
      throw toQueueError(error, { queue: name, jobId });
    }
  }

  /** A transaction, and a function that adds a job to it. The job's payload is stored byte for byte. */
  async transaction(name: string) {
    const { createIORedisClient, Job } = (await this.shared()).bullmq;
    const queue = await this.queue(name);
    const multi = createIORedisClient(this.store.client).multi() as unknown as Transaction;
    const add = (id: string, jobName: string, dataJson: string, options: JobsOptions) => {
      const job = new Job(queue, jobName, undefined, { ...options, jobId: id }, id);
      const json: JobJson = { ...job.asJSON(), data: dataJson };
      return queue.getBackend().addJobToTransaction(multi, json, id);
    };
    return { multi, add };
  }

  /** Made only when Redis is usable: BullMQ asks Redis for its version, and would remember a failure for good. */
  private shared(): Promise<Shared> {
    this.store.requireUsable();
    this.loading ??= this.load().catch((error) => {
      this.loading = undefined;
      throw toStoreError(error);
    });
    return this.loading;
  }

  private async load(): Promise<Shared> {
    const bullmq = await this.loadModule();
    const connection = new bullmq.RedisConnection(this.store.client, { shared: true, blocking: false });
    connection.on("error", () => {}); // The store logs what happens to its connection.
    await connection.client;
    const keys = new bullmq.QueueKeys(this.prefix);
    const toKey = (part: string) => keys.toKey("posta", part);
    const options: QueueOptions = { connection: {}, prefix: this.prefix };
    const backend = new bullmq.RedisQueueBackend(connection, "posta", keys.getKeys("posta"), toKey, options);
    backend.on("error", () => {}); // It passes on errors of the connection. Unheard, they would end the process.
    return { bullmq, backend };
  }
}
