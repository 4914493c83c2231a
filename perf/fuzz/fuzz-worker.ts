import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { ownedPrefix, sharedPrefix } from "./callers.js";

/** Works on a queue of each caller: some of its jobs complete, others fail, so that calls meet jobs in every state. */
export class FuzzWorker {
  private readonly connection: Redis;
  private readonly workers: Worker[];
  private done = 0;

  constructor(socket: string) {
    this.connection = new Redis({ path: socket, maxRetriesPerRequest: null });
    this.workers = [ownedPrefix, sharedPrefix].map((prefix) => {
      const worker = new Worker(`${prefix}-worked`, (job) => this.work(job), {
        connection: this.connection,
        concurrency: 2,
      });
      // Calls take jobs and whole queues away from it.
      return worker.on("error", () => {});
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close(true)));
    this.connection.disconnect();
  }

  private async work(job: { log(line: string): Promise<unknown> }): Promise<string> {
    this.done += 1;
    await job.log("worked on").catch(() => {}); // It was removed meanwhile.
    if (this.done % 3 === 0) throw new Error("fails by intent");
    return "done";
  }
}
