import type { Registry } from "prom-client";
import { registerBatchMetrics } from "../batching/batch-metrics.js";
import { GroupCommit } from "../batching/group-commit.js";
import type { Config } from "../config/config.js";
import type { PostgresStore } from "../store/postgres/store.js";
import { registerSendMetrics, TakenCounts } from "./accept/accept-metrics.js";
import { MessageCanceller } from "./accept/cancel-message.js";
import { MessageSender } from "./accept/send.js";
import { abandonedError, MessageStore, type PendingMessage, type Stored } from "./accept/store-messages.js";
import { MessageLister } from "./read/list-messages.js";
import { MessageReader } from "./read/read-message.js";
import type { PublishStatus } from "./record/status.js";

/** What MessageService calls. */
export interface MessageParts {
  sender: MessageSender;
  reader: MessageReader;
  lister: MessageLister;
  canceller: MessageCanceller;
}

/**
 * While one batch is under way, a second one is sent only if it is full. Two batches keep a connection busy, and the
 * rest of the pool is for reads.
 */
const messageBatches = { maxBatch: 500, maxInFlight: 2, abandonedError };

/** Creates the parts of a server that handle messages. They do not close the database: whoever opened it closes it. */
export function createMessageParts(
  config: Config,
  postgres: PostgresStore,
  metrics: Registry,
  publish: PublishStatus,
): MessageParts {
  const store = new MessageStore(postgres, config.messageKeyWindowMs);
  const counts = new TakenCounts();
  const commit = new GroupCommit<PendingMessage, Stored>((messages) => store.write(messages), messageBatches);
  registerBatchMetrics(metrics, "posta_message_batch", "messages", commit.metrics);
  const sender = new MessageSender(commit, config, counts, () => postgres.requireUsable(), publish);
  registerSendMetrics(metrics, counts, () => sender.pending);
  const reader = new MessageReader(postgres);
  return {
    sender,
    reader,
    lister: new MessageLister(postgres),
    canceller: new MessageCanceller(postgres, reader, publish),
  };
}
