/**
 * The order to end. It names the queues of the worker, all of which its caller may work on: another caller may have a worker
 * of the same name on other queues.
 */
export interface DrainOrder {
  worker: string;
  queues: string[];
}

/** The orders that stand, as this server knows them. */
export class DrainOrders {
  private queuesOf = new Map<string, Set<string>>();

  /** Whether an order names a worker of one of these queues. */
  covers(worker: string, queues: readonly string[]): boolean {
    const covered = this.queuesOf.get(worker);
    return covered !== undefined && queues.some((queue) => covered.has(queue));
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
