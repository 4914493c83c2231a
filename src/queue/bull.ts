import { createRequire } from "node:module";
import type { IRedisTransaction, JobJson, JobsOptions, Queue, QueueOptions, RedisQueueBackend } from "bullmq";
import type { ChainableCommander } from "ioredis";
import { PostaError } from "../errors.js";
import type { RedisStore } from "../store/redis.js";
import { toStoreError } from "../store/redis-errors.js";

/** What BullMQ writes into a queue's meta: its own version, and its default for the length of the event stream. */
export const queueMeta = {
  maxLenEvents: 10_000,
  version: `bullmq:${createRequire(import.meta.url)("bullmq/package.json").version}`,
};

/** What BullMQ's operations fail with, in the code of their error. */
export const errorCodes = { jobNotExist: -1, jobNotInState: -3, jobBelongsToJobScheduler: -8 };

/** A transaction that takes both plain commands and BullMQ's scripts. */
type Transaction = ChainableCommander & IRedisTransaction;

/** BullMQ's module. It is loaded when it is first needed: plain adds and reads do without, and without its 10 MiB. */
type Library = typeof import("bullmq");

interface Shared {
  library: Library;
  /** Of no queue: only its siblings are used. */
  backend: RedisQueueBackend;
}

/**
 * BullMQ's own API on the store's one connection, for all that the fast path does not do. A queue is a light object on a
 * shared backend: it is made for a call and needs no closing.
 */
export class Bull {
  private loading: Promise<Shared> | undefined;

  constructor(
    private readonly store: RedisStore,
    readonly prefix: string,
    private readonly loadLibrary: () => Library | Promise<Library> = () => import("bullmq"),
  ) {}

  /** A queue for whoever speaks BullMQ itself; what it fails with is BullMQ's own. */
  async queue(name: string): Promise<Queue> {
    return this.queueOf(await this.shared(), name);
  }

  /** Runs operations of BullMQ on a queue; what they fail with is told in the domain's words. */
  async run<Result>(name: string, operate: (queue: Queue) => Promise<Result>): Promise<Result> {
    const queue = this.queueOf(await this.shared(), name);
    try {
      return await operate(queue);
    } catch (error) {
      if (hasActiveJobs(error)) throw wrongState("the queue has active jobs: use force");
      if (typeof (error as { code?: unknown }).code === "number")
        throw new PostaError("internal", "internal error", { cause: error });
      throw toStoreError(error);
    }
  }

  /** A transaction to add jobs in, and how to add one: its payload is stored byte for byte. */
  async transaction(name: string) {
    const shared = await this.shared();
    const { createIORedisClient, Job } = shared.library;
    const queue = this.queueOf(shared, name);
    const multi = createIORedisClient(this.store.client).multi() as unknown as Transaction;
    const add = (id: string, jobName: string, dataJson: string, options: JobsOptions) => {
      const job = new Job(queue, jobName, undefined, { ...options, jobId: id }, id);
      const json: JobJson = { ...job.asJSON(), data: dataJson };
      return queue.getBackend().addJobToTransaction(multi, json, id);
    };
    return { multi, add };
  }

  private queueOf({ library, backend }: Shared, name: string): Queue {
    // The third argument makes a queue of its siblings: without it each would listen on the connection of its own.
    return new library.Queue(name, { connection: {}, prefix: this.prefix, skipMetasUpdate: true }, () => {
      return backend.forQueue(name) as RedisQueueBackend;
    });
  }

  /** Made when Redis is first there: BullMQ asks it for its version, and would remember a failure for good. */
  private shared(): Promise<Shared> {
    this.store.requireUsable();
    this.loading ??= this.load().catch((error) => {
      this.loading = undefined;
      throw toStoreError(error);
    });
    return this.loading;
  }

  private async load(): Promise<Shared> {
    const library = await this.loadLibrary();
    const connection = new library.RedisConnection(this.store.client, { shared: true, blocking: false });
    connection.on("error", () => {}); // The store logs what happens to its connection.
    await connection.client;
    const keys = new library.QueueKeys(this.prefix);
    const toKey = (part: string) => keys.toKey("posta", part);
    const options: QueueOptions = { connection: {}, prefix: this.prefix };
    const backend = new library.RedisQueueBackend(connection, "posta", keys.getKeys("posta"), toKey, options);
    backend.on("error", () => {}); // It passes on the connection's; without a listener that would end the process.
    return { library, backend };
  }
}

export function wrongState(message: string): PostaError {
  return new PostaError("wrong-state", message);
}

/** Whether an operation failed because workers have jobs of the queue: BullMQ has only words for that. */
export function hasActiveJobs(error: unknown): boolean {
  return /active jobs/.test((error as Error).message);
}
