import type { RedisStore } from "../store/redis/store.js";
import { Board } from "./board.js";
import { Bull } from "./bull.js";
import { QueueChanger } from "./change-queue.js";
import { QueueCleaner } from "./clean-queue.js";
import type { Keys } from "./keys.js";
import { QueueObliterator } from "./obliterate-queue.js";
import type { QueueReader } from "./read-queue.js";

type LoadLibrary = ConstructorParameters<typeof Bull>[2];

/** The queues for a user interface, in a process that has no PostgreSQL. */
export function createBoard(redis: RedisStore, queues: QueueReader, keys: Keys, loadLibrary: LoadLibrary): Board {
  const bull = new Bull(redis, keys.prefix, loadLibrary);
  const cleaner = new QueueCleaner(redis, keys);
  return new Board(queues, bull, {
    changer: new QueueChanger(redis, keys, bull, queues, cleaner),
    obliterator: new QueueObliterator({ redis, postgres: undefined }, keys, bull, queues, cleaner),
  });
}
