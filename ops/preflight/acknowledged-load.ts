import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { ServiceClient } from "../../perf/watch/service-client.js";

/** A caller that failed waits so long: a service that is down is asked, not flooded. */
const pauseMs = 20;

/** What became of the jobs that the service acknowledged. */
export interface Audit {
  acknowledged: number;
  /** Not in the queue. */
  lost: number;
  /** In the queue more than once. */
  twice: number;
}

/** Callers that add jobs, each job once, and remember which were acknowledged. */
export class AcknowledgedLoad {
  calls = 0;
  failedCalls = 0;
  /** Of those that were acknowledged. */
  spooled = 0;
  private readonly acknowledged: string[] = [];
  private readonly waiting = new Set<{ begun: number; resolve(): void }>();
  private stopping = false;
  private running: Promise<unknown> = Promise.resolve();
  private next = 0;

  constructor(
    private readonly client: ServiceClient,
    private readonly queue: string,
  ) {}

  /** Without a pause, or with so many calls a second; a caller that waited for an answer for too long does not catch up. */
  start(callers: number, ratePerSecond = Number.POSITIVE_INFINITY): void {
    const everyMs = (callers * 1000) / ratePerSecond;
    const runs = Array.from({ length: callers }, (_, index) => this.run(everyMs, (index * everyMs) / callers));
    this.running = Promise.all(runs);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  /** Resolves when a call succeeds that began after this one was made. */
  nextSuccess(): Promise<void> {
    const begun = performance.now();
    return new Promise((resolve) => this.waiting.add({ begun, resolve }));
  }

  /** Looks every acknowledged job up in the queue, which no worker takes from. */
  async audit(redis: Redis): Promise<Audit> {
    const found = new Map<string, number>();
    for (const id of await redis.lrange(`bull:${this.queue}:wait`, 0, -1)) found.set(id, (found.get(id) ?? 0) + 1);
    const times = this.acknowledged.map((id) => found.get(id) ?? 0);
    return {
      acknowledged: times.length,
      lost: times.filter((count) => count === 0).length,
      twice: times.filter((count) => count > 1).length,
    };
  }

  private async run(everyMs: number, firstAfterMs: number): Promise<void> {
    if (firstAfterMs > 0) await sleep(firstAfterMs);
    while (!this.stopping) {
      const id = `job-${this.next++}`;
      const begun = performance.now();
      try {
        const request = { queue: this.queue, job: { name: "preflight", options: { id } } };
        const { outcome } = await this.client.call<{ outcome: string }>("AddJob", request, 5000);
        this.acknowledged.push(id);
        if (outcome === "OUTCOME_SPOOLED") this.spooled += 1;
        this.tell(begun);
      } catch {
        this.failedCalls += 1;
        await sleep(pauseMs);
      }
      this.calls += 1;
      const restMs = begun + everyMs - performance.now();
      if (restMs > 0) await sleep(restMs);
    }
  }

  private tell(begun: number): void {
    for (const waiter of this.waiting) {
      if (begun < waiter.begun) continue;
      this.waiting.delete(waiter);
      waiter.resolve();
    }
  }
}
