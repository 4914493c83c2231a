import type { RedisStore } from "../../store/redis/store.js";
import { BullAdapter } from "../bullmq/bull.js";
import type { QueueReader } from "../inspect/read-queue.js";
import type { Keys } from "../job/keys.js";
import { QueueChanger } from "./change-queue.js";
import { QueueCleaner } from "./clean-queue.js";
import { QueueObliterator } from "./obliterate-queue.js";
import { QueueHandles } from "./queue-handles.js";

type LoadLibrary = ConstructorParameters<typeof BullAdapter>[2];

/** The queues for a user interface, in a process that has no PostgreSQL. */
export function createQueueHandles(
  redis: RedisStore,
  queues: QueueReader,
  keys: Keys,
  loadLibrary: LoadLibrary,
): QueueHandles {
  const bull = new BullAdapter(redis, keys.prefix, loadLibrary);
  const cleaner = new QueueCleaner(redis, keys);
  return new QueueHandles(queues, bull, {
    changer: new QueueChanger(redis, keys, bull, queues, cleaner),
    obliterator: new QueueObliterator({ redis, postgres: undefined }, keys, bull, queues, cleaner),
  });
}
