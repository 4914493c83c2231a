import { createRequire } from "node:module";

import type { JobSchedulerTemplateOptions, RepeatOptions } from "bullmq";

export type {
  FinishedStatus,
  IRedisTransaction,
  Job,
  JobJson,
  JobsOptions,
  Queue,
  QueueOptions,
  RedisQueueBackend,
  RetryOptions,
  Worker,
} from "bullmq";

/** The options of a job that is a run of a schedule. */
export type ScheduledOptions = JobSchedulerTemplateOptions & { repeat: RepeatOptions };

/** BullMQ itself. In src/ only this file imports it. */
export type BullMqModule = typeof import("bullmq");

const require = createRequire(import.meta.url);

/** What BullMQ writes into a queue's meta: its version, and its default length of the event stream. */
export const queueMeta = {
  maxLenEvents: 10_000,
  version: `bullmq:${require("bullmq/package.json").version}`,
};

/** Loads BullMQ. It takes 10 MiB, so a process loads it when it first needs it: plain adds and reads do not. */
export function loadBullMq(): Promise<BullMqModule> {
  return import("bullmq");
}

/** Loads BullMQ as CommonJS, as bull-board does: a process that used both forms would have BullMQ in memory twice. */
export function requireBullMq(): BullMqModule {
  return require("bullmq");
}
