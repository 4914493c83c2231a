import { QueueKeys } from "bullmq";

/** Every Redis key of the queues is named here: BullMQ's own by BullMQ, and the one that is Posta's. */
export class Keys {
  private readonly bull: QueueKeys;

  constructor(readonly prefix: string) {
    this.bull = new QueueKeys(prefix);
  }

  /** A key of a queue: "bull:emails:wait". With a job's id: that job's hash. */
  of(queue: string, part: string): string {
    return this.bull.toKey(queue, part);
  }

  /** What all keys of a queue begin with: "bull:emails:". */
  start(queue: string): string {
    return this.bull.toKey(queue, "");
  }

  /** The names of all queues that Posta knows, a sorted set with equal scores. BullMQ itself keeps no such list. */
  get queues(): string {
    return `${this.prefix}:posta-queues`;
  }
}
