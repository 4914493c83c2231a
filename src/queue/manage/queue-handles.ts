import { patientWaiter } from "../../batching/waiter.js";
import type { Queue } from "../../store/bullmq/module.js";
import type { QueueReader } from "../inspect/read-queue.js";
import type { QueueChanger } from "./change-queue.js";
import { isCleanable } from "./clean-queue.js";
import type { QueueObliterator } from "./obliterate-queue.js";

/** The parts that change whole queues. */
export interface Changers {
  changer: QueueChanger;
  obliterator: QueueObliterator;
}

/** The queues as BullMQ objects, as a user interface for BullMQ needs them. */
export class QueueHandles {
  private readonly queues = new Map<string, Queue>();

  constructor(
    private readonly reader: QueueReader,
    private readonly openQueue: (name: string) => Promise<Queue>,
    private readonly changers: Changers,
  ) {}

  /** The first queues in name order. A queue that still exists is the same object as before. Throws unavailable. */
  async first(count: number): Promise<Queue[]> {
    const names = await this.reader.names(count);
    for (const name of this.queues.keys()) if (!names.includes(name)) this.queues.delete(name);
    return Promise.all(names.map((name) => this.queue(name)));
  }

  private async queue(name: string): Promise<Queue> {
    const queue = this.queues.get(name) ?? this.withChanges(name, await this.openQueue(name));
    this.queues.set(name, queue);
    return queue;
  }

  /**
   * Replaces clean, drain and obliterate. BullMQ's own versions look only at the first waiting jobs, or at all of them
   * in one script run. They also leave keys behind.
   */
  private withChanges(name: string, queue: Queue): Queue {
    const { changer, obliterator } = this.changers;
    const clean = queue.clean.bind(queue);
    queue.clean = async (graceMs, limit, type = "completed") => {
      const state = type === "wait" ? "waiting" : type;
      if (!isCleanable(state)) return clean(graceMs, limit, type);
      await changer.clean({ queue: name, state, notAfter: Date.now() - graceMs, limit }, patientWaiter);
      return []; // BullMQ returns the ids of the removed jobs. Nobody asks for these ids.
    };
    queue.drain = (delayed = false) => changer.drain(name, delayed, patientWaiter);
    queue.obliterate = ({ force = false } = {}) => obliterator.obliterate(name, force, patientWaiter);
    return queue;
  }
}
