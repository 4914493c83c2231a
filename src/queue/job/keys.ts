/** A row's member of {@link Keys.spooled}. With the job's id: a database that was restored counts its rows again. */
export function spoolMark(row: number, id: string): string {
  return `${row}:${id}`;
}

/** Every Redis key of the queues is named here: those that BullMQ gives its own, and those that are Posta's. */
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

  /** How far the search for the last keys of an obliterated queue has come, as JSON; it expires. */
  sweep(queue: string): string {
    return `${this.prefix}:posta-sweep:${queue}`;
  }

  /** There while a delivery process works, on whichever machine. */
  get delivery(): string {
    return `${this.prefix}:posta-delivery`;
  }

  /**
   * Which rows of the spool have come into their queues, by the time: a sorted set of {@link spoolMark}. A row's mark is
   * written with its job in one step, so Redis has both or, after a loss, neither.
   */
  get spooled(): string {
    return `${this.prefix}:posta-spooled`;
  }
}
