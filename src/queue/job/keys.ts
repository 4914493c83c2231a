/**
 * A row's member of {@link Keys.spooled}. It includes the job's id, because a restored database may use a row number
 * again.
 */
export function spoolMark(row: number, id: string): string {
  return `${row}:${id}`;
}

/** Names every Redis key of the queues: the keys of BullMQ and Posta's own. */
export class Keys {
  constructor(readonly prefix: string) {}

  /** A key of a queue: "bull:emails:wait". With a job's id: that job's hash. */
  of(queue: string, part: string): string {
    return `${this.prefix}:${queue}:${part}`;
  }

  /** The prefix of all keys of a queue: "bull:emails:". */
  start(queue: string): string {
    return this.of(queue, "");
  }

  /** The names of all queues that Posta knows, a sorted set with equal scores. BullMQ itself keeps no such list. */
  get queues(): string {
    return `${this.prefix}:posta-queues`;
  }

  /** How far the search for the last keys of an obliterated queue has come, as JSON. The key expires. */
  sweep(queue: string): string {
    return `${this.prefix}:posta-sweep:${queue}`;
  }

  /** The queues whose jobs Posta leases to workers: a sorted set by when their last leases have ended. */
  get worked(): string {
    return `${this.prefix}:posta-worked`;
  }

  /** The members of all workers' entries, a sorted set with equal scores. */
  get workers(): string {
    return `${this.prefix}:posta-workers`;
  }

  /** The entries of a server's workers: a hash from member to JSON. */
  workersOf(server: string): string {
    return `${this.prefix}:posta-workers:${server}`;
  }

  /** The orders to workers to end, as JSON: a sorted set by when an order ends. */
  get drained(): string {
    return `${this.prefix}:posta-drained`;
  }

  /** The channel on which servers tell each other of orders to workers. */
  get workControl(): string {
    return `${this.prefix}:posta-work-control`;
  }

  /** A key that one server writes to interrupt its own wait for jobs. `server` is unique. */
  interrupt(server: string): string {
    return `${this.prefix}:posta-interrupt:${server}`;
  }

  /** Exists while a delivery process works, on any machine. */
  get delivery(): string {
    return `${this.prefix}:posta-delivery`;
  }

  /**
   * The rows of the spool whose jobs have come into their queues: a sorted set of {@link spoolMark} by time. A row's
   * mark is written with its job in one step, so Redis has both or, after a loss, neither.
   */
  get spooled(): string {
    return `${this.prefix}:posta-spooled`;
  }
}
