import type { BullAdapter } from "../../store/bullmq/adapter.js";
import type { Queue } from "../../store/bullmq/module.js";
import { toStoreError } from "../../store/redis/errors.js";
import type { RedisStore } from "../../store/redis/store.js";
import { type JobData, jobIdOf, queueOf } from "../record/delivery-job.js";

/** The contract's priorities, the most urgent first. */
export const priorities = [1, 5, 10];
/** In BullMQ a job's score is its priority times this, plus a number that grows with each job. */
const priorityStep = 0x100000000;
/** A finished job is removed: the outcome of its message is in PostgreSQL. */
const jobOptions = { removeOnComplete: true, removeOnFail: true, attempts: 1 };

/** A message that is due. */
export interface DueMessage {
  id: string;
  generation: number;
  priority: number;
  recipient: string;
}

/** The BullMQ queues of the sending numbers, which the mover fills. Throws unavailable while Redis is out of reach. */
export class SenderQueues {
  private readonly queues = new Map<string, Queue<JobData>>();

  constructor(
    private readonly bull: BullAdapter,
    private readonly store: RedisStore,
    /** The list of all queues that Posta knows. */
    private readonly listKey: string,
  ) {}

  /** Adds messages to a number's queue, in order. Messages that are already in the queue stay as they are. */
  async add(sender: string, messages: readonly DueMessage[]): Promise<void> {
    const queue = await this.queueOf(sender);
    const jobs = messages.map(({ id, generation, priority, recipient }) => ({
      name: "send",
      data: { to: recipient, turn: generation },
      opts: { ...jobOptions, jobId: jobIdOf({ id, generation }), priority },
    }));
    await queue.addBulk(jobs).catch((error) => this.fail(sender, error));
  }

  /** How many jobs of each priority a number's queue has. Delayed jobs count for each priority. */
  async sizes(sender: string): Promise<number[]> {
    this.store.requireOurs();
    const key = (part: string) => `${this.bull.prefix}:${queueOf(sender)}:${part}`;
    const pipeline = this.store.client.pipeline().zcard(key("delayed"));
    for (const priority of priorities) {
      pipeline.zcount(key("prioritized"), priority * priorityStep, (priority + 1) * priorityStep - 1);
    }
    const answers = await pipeline.exec().catch((error) => this.fail(sender, error));
    const failure = answers?.find(([error]) => error)?.[0];
    if (failure) this.fail(sender, failure);
    const [delayed = 0, ...sizes] = (answers ?? []).map(([, size]) => Number(size));
    return sizes.map((size) => size + delayed);
  }

  /** On first use, and after each failure, puts the queue on the list and writes its meta key. */
  private async queueOf(sender: string): Promise<Queue<JobData>> {
    this.store.requireOurs();
    const made = this.queues.get(sender);
    if (made) return made;
    const name = queueOf(sender);
    const queue = await this.bull.queue<JobData>(name, { writesMeta: true });
    this.queues.set(sender, queue);
    await this.store.client.zadd(this.listKey, 0, name).catch((error) => this.fail(sender, error));
    return queue;
  }

  private fail(sender: string, error: unknown): never {
    this.queues.delete(sender);
    throw toStoreError(error);
  }
}
