/**
 * The order to end. It names the queues of the worker that its caller had the right to drain: another caller may name a
 * worker of other queues just so.
 */
export interface DrainOrder {
  worker: string;
  queues: string[];
}

/** The orders that stand, as this server knows them. */
export class DrainOrders {
  private queuesOf = new Map<string, Set<string>>();

  /** Whether an order covers all these queues of a worker. */
  covers(worker: string, queues: readonly string[]): boolean {
    const covered = this.queuesOf.get(worker);
    return covered !== undefined && queues.every((queue) => covered.has(queue));
  }

  add({ worker, queues }: DrainOrder): void {
    this.queuesOf.set(worker, new Set([...(this.queuesOf.get(worker) ?? []), ...queues]));
  }

  /** Takes the orders that Redis has, in their stored form. */
  replace(orders: readonly string[]): void {
    this.queuesOf = new Map();
    for (const json of orders) this.add(JSON.parse(json) as DrainOrder);
  }
}
