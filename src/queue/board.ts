import type { Queue } from "bullmq";
import type { Bull } from "./bull.js";
import type { QueueReader } from "./read-queue.js";

/** The queues as objects of BullMQ, as a user interface for BullMQ wants them. */
export class Board {
  private readonly queues = new Map<string, Queue>();

  constructor(
    private readonly reader: QueueReader,
    private readonly bull: Bull,
  ) {}

  /** The first queues in name order. Those that are still there are the same objects as before. Throws unavailable. */
  async first(count: number): Promise<Queue[]> {
    const names = await this.reader.names(count);
    for (const name of this.queues.keys()) if (!names.includes(name)) this.queues.delete(name);
    return Promise.all(names.map((name) => this.queue(name)));
  }

  private async queue(name: string): Promise<Queue> {
    const queue = this.queues.get(name) ?? (await this.bull.shownQueue(name));
    this.queues.set(name, queue);
    return queue;
  }
}
