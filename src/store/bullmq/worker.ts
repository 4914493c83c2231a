import type { RedisClient } from "../redis/address.js";
import type { BullMqModule, Job, Worker } from "./module.js";

/** The guide's values: a job counts as lost after 30 s, and is then run again, up to three times. */
const sharedOptions = { lockDuration: 30_000, stalledInterval: 30_000, maxStalledCount: 3, runRetryDelay: 1000 };

export interface WorkerOptions {
  queue: string;
  prefix: string;
  /** The most jobs at a time. */
  concurrency: number;
}

/** Processes a job. Returns a number to put the job back for so many milliseconds, which is not an attempt. */
export type Process<Data> = (job: Job<Data>) => Promise<number | undefined>;

/** A BullMQ worker with Posta's options. The caller runs and closes it. `onError` gets its connection errors. */
export function createWorker<Data>(
  bullmq: BullMqModule,
  connection: RedisClient,
  { queue, prefix, concurrency }: WorkerOptions,
  process: Process<Data>,
  onError: (error: Error) => void,
): Worker<Data> {
  const settings = { ...sharedOptions, connection, prefix, concurrency, autorun: false };
  const run = async (job: Job<Data>, token?: string): Promise<void> => {
    const afterMs = await process(job);
    if (afterMs === undefined) return;
    await job.moveToDelayed(Date.now() + afterMs, token);
    throw new bullmq.DelayedError();
  };
  const worker = new bullmq.Worker<Data>(queue, run, settings);
  worker.on("error", onError); // Without a listener an error would end the process.
  return worker;
}
