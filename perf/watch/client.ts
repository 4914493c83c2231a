import { queueService, ServiceClient } from "./service-client.js";

/** Queues that the payloads of perf/ghz add to, and the one that they read. */
const addedTo = ["perf-a", "perf-b", "perf-many"];
const readFrom = "perf-read";
const seeds = 50;
const notFound = 5;

/** Prepares the service for loads, and clears away what they left. */
export class PerfClient {
  private readonly client: ServiceClient;

  constructor(target: string) {
    this.client = new ServiceClient(target, queueService);
  }

  /** The queues, and the jobs that reads and updates ask for: "seed-000" to "seed-049", once, however often it is called. */
  async seed(): Promise<void> {
    const jobs = Array.from({ length: seeds }, (_, index) => ({
      name: "seed",
      dataJson: JSON.stringify({ to: "34600123456", template: "welcome" }),
      options: { id: `seed-${String(index).padStart(3, "0")}` },
    }));
    await Promise.all([readFrom, ...addedTo].map((queue) => this.call("AddJobs", { queue, jobs })));
  }

  /** Removes the jobs that were added: under a long load they would fill Redis in the end. */
  clear(): Promise<void> {
    return this.drain(addedTo);
  }

  /** Removes the seeds too, which would wait for ever, and be told of by the service's alerts. */
  leave(): Promise<void> {
    return this.drain([readFrom, ...addedTo]);
  }

  private async drain(queues: string[]): Promise<void> {
    await Promise.all(
      queues.map(async (queue) => {
        await this.call("DrainQueue", { queue, includeDelayed: true }).catch((error: { code?: number }) => {
          if (error.code !== notFound) throw error; // A service that refuses every job has no such queue.
        });
      }),
    );
  }

  close(): void {
    this.client.close();
  }

  private call(method: string, request: object): Promise<unknown> {
    return this.client.call(method, request, 60_000);
  }
}
