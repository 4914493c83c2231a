import { createRequire } from "node:module";
import type { IRedisTransaction, JobJson, JobsOptions, Queue, QueueOptions, RedisQueueBackend } from "bullmq";
import type { ChainableCommander } from "ioredis";
import { isWrongType, toStoreError } from "../../store/redis/errors.js";
import type { RedisStore } from "../../store/redis/store.js";
import { toShownFields } from "../job/shown-job.js";
import { toQueueError } from "./bull-errors.js";

/** What BullMQ writes into a queue's meta: its own version, and its default for the length of the event stream. */
export const queueMeta = {
  maxLenEvents: 10_000,
  version: `bullmq:${createRequire(import.meta.url)("bullmq/package.json").version}`,
};

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
export class BullAdapter {
  private loading: Promise<Shared> | undefined;

  constructor(
    private readonly store: RedisStore,
    readonly prefix: string,
    private readonly loadLibrary: () => Library | Promise<Library> = () => import("bullmq"),
  ) {}

  /** A queue for a user interface that speaks BullMQ itself: its jobs are as {@link toShownFields} makes them. It fails with BullMQ's errors. */
  async shownQueue(name: string): Promise<Queue> {
    const shared = await this.shared();
    const queue = this.queueOf(shared, name);
    const backend = queue.getBackend();
    const { getJobData } = shared.library.RedisQueueBackend.prototype;
    backend.getJobData = async (id) => {
      const fields = await this.store.client.hgetall(backend.toKey(id)).catch(noJobIfWrongType);
      // BullMQ reads a job by this one call.
      const client = Promise.resolve({ hgetall: async () => toShownFields(fields) });
      return getJobData.call({ queue: { client, toKey: String } } as never, id);
    };
    // BullMQ's own reads the jobs by a script, whole, which a key of another type in one job's place ends, and then again one by one.
    queue.getJobs = async (types = [], start = 0, end = -1, asc = false) => {
      const ids = new Set(await queue.getRanges([types].flat(), start, end, asc));
      const jobs = await Promise.all([...ids].map((id) => queue.getJob(id)));
      return jobs.filter((job) => job !== undefined);
    };
    return queue;
  }

  /** Runs operations of BullMQ on a queue, or on one job of it; what they fail with is told in the domain's words. */
  async run<Result>(name: string, operate: (queue: Queue) => Promise<Result>, jobId?: string): Promise<Result> {
    const queue = this.queueOf(await this.shared(), name);
    try {
      return await operate(queue);
    } catch (error) {
      throw toQueueError(error, { queue: name, jobId });
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

/** A key of another type is no job. */
function noJobIfWrongType(error: unknown): Record<string, string> {
  if (!isWrongType(error)) throw error;
  return {};
}
