import { BullAdapter } from "../../store/bullmq/adapter.js";
import { requireBullMq } from "../../store/bullmq/module.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { QueueReader } from "../inspect/read-queue.js";
import type { Keys } from "../job/keys.js";
import { WorkerLister } from "../work/registry/list-workers.js";
import { QueueChanger } from "./change-queue.js";
import { QueueCleaner } from "./clean-queue.js";
import { QueueObliterator } from "./obliterate-queue.js";
import { QueueHandles } from "./queue-handles.js";
import { openShownQueue } from "./shown-queue.js";
import { ShownWorkers } from "./shown-workers.js";

/** Creates the queues for a user interface (bull-board), in a process that has no PostgreSQL. */
export function createQueueHandles(redis: RedisStore, queues: QueueReader, keys: Keys): QueueHandles {
  const bull = new BullAdapter(redis, keys.prefix, requireBullMq);
  const cleaner = new QueueCleaner(redis, keys);
  const workers = new ShownWorkers(redis, new WorkerLister(redis, keys));
  const open = async (name: string) => {
    const queue = await openShownQueue(bull, redis, name);
    workers.addTo(queue);
    return queue;
  };
  return new QueueHandles(queues, open, {
    changer: new QueueChanger(redis, keys, bull, queues, cleaner),
    obliterator: new QueueObliterator({ redis, postgres: undefined }, keys, bull, queues, cleaner),
  });
}
