import { createRequire } from "node:module";
import {
  createIORedisClient,
  type IRedisTransaction,
  Queue,
  QueueKeys,
  type QueueOptions,
  RedisConnection,
  RedisQueueBackend,
} from "bullmq";
import type { ChainableCommander } from "ioredis";
import type { RedisStore } from "../store/redis.js";
import { toStoreError } from "../store/redis-errors.js";

/** What BullMQ writes into a queue's meta: its own version, and its default for the length of the event stream. */
export const queueMeta = {
  maxLenEvents: 10_000,
  version: `bullmq:${createRequire(import.meta.url)("bullmq/package.json").version}`,
};

/** A transaction that takes both plain commands and BullMQ's scripts. */
export type Transaction = ChainableCommander & IRedisTransaction;

/**
 * BullMQ's own API on the store's one connection, for all that the fast path does not do. A queue is a light object on a
 * shared backend: it is made for a call and needs no closing.
 */
export class Bull {
  private backend: Promise<RedisQueueBackend> | undefined;

  constructor(
    private readonly store: RedisStore,
    readonly prefix: string,
  ) {}

  /** Throws unavailable if Redis is down. */
  async queue(name: string): Promise<Queue> {
    const shared = await this.shared();
    // The third argument makes a queue of its siblings: without it each would listen on the connection of its own.
    return new Queue(name, { connection: {}, prefix: this.prefix, skipMetasUpdate: true }, () => {
      return shared.forQueue(name) as RedisQueueBackend;
    });
  }

  /** A transaction for {@link RedisQueueBackend.addJobToTransaction}. */
  transaction(): Transaction {
    return createIORedisClient(this.store.client).multi() as unknown as Transaction;
  }

  /** Made when Redis is first there: BullMQ asks it for its version, and would remember a failure for good. */
  private shared(): Promise<RedisQueueBackend> {
    this.store.requireUsable();
    this.backend ??= this.connect().catch((error) => {
      this.backend = undefined;
      throw toStoreError(error);
    });
    return this.backend;
  }

  private async connect(): Promise<RedisQueueBackend> {
    const connection = new RedisConnection(this.store.client, { shared: true, blocking: false });
    connection.on("error", () => {}); // The store logs what happens to its connection.
    await connection.client;
    const keys = new QueueKeys(this.prefix);
    const name = "posta"; // Of no queue: only its siblings are used.
    const options: QueueOptions = { connection: {}, prefix: this.prefix };
    return new RedisQueueBackend(connection, name, keys.getKeys(name), (part) => keys.toKey(name, part), options);
  }
}
