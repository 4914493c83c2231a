/** Every Redis key of the queues is named here: those that BullMQ gives its own, and the one that is Posta's. */
export class Keys {
  constructor(readonly prefix: string) {}

  /** A key of a queue: "bull:emails:wait". With a job's id: that job's hash. */
  of(queue: string, part: string): string {
    return `${this.prefix}:${queue}:${part}`;
  }

  /** What all keys of a queue begin with: "bull:emails:". */
  start(queue: string): string {
    return this.of(queue, "");
  }

  /** The names of all queues that Posta knows, a sorted set with equal scores. BullMQ itself keeps no such list. */
  get queues(): string {
    return `${this.prefix}:posta-queues`;
  }
}
