import { PostaError, show, wrongState } from "../../../errors/posta-error.js";
import { noSuchJob } from "../../../store/bullmq/errors.js";
import { toStoreError } from "../../../store/redis/errors.js";
import { defineScript, readLua, type Script } from "../../../store/redis/scripts.js";
import type { RedisStore } from "../../../store/redis/store.js";
import type { Keys } from "../../job/keys.js";
import { readOrder } from "../cancel-order.js";
import type { WorkControl } from "./work-control.js";

/** The most orders of a queue: each extension of a lease of the queue reads them. */
const maxOrders = 1000;
/** How long a queue keeps its orders after the last one, in milliseconds. Longer than any grace. */
const ordersMs = 86_400_000;

export interface CancelRequest {
  queue: string;
  jobId: string;
  reason: string;
  graceMs: number;
}

/** Orders the workers of jobs to stop. The order is in Redis; to tell the worker's server at once is only faster. */
export class JobCanceller {
  private readonly script: Script<number | string>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly control: WorkControl,
  ) {
    this.script = defineScript(store.client, "queue/work/cancel-job", 4, { before: readLua("queue/work/holder") });
  }

  /** Throws notFound, wrongState if no remote worker holds the job, or exhausted. */
  async cancel({ queue, jobId, reason, graceMs }: CancelRequest): Promise<void> {
    const keys = [jobId, `${jobId}:lock`, "active", "posta-cancels"].map((part) => this.keys.of(queue, part));
    const args = [jobId, reason, this.store.clock.now() + graceMs, maxOrders, ordersMs];
    const answer = await this.script(keys, args).catch((error) => {
      throw toStoreError(error);
    });
    if (typeof answer === "number") throw toError(answer, queue, jobId);
    this.control.tell({ cancel: readOrder(queue, answer) });
  }
}

function toError(code: number, queue: string, jobId: string): PostaError {
  if (code === 0) return noSuchJob(queue, jobId);
  const job = `the job ${show(jobId)}`;
  if (code === 1) return wrongState(`${job} is with no worker now: RemoveJob removes a job that is in line`);
  if (code === 4) return wrongState(`${job} is finished: there is nothing to cancel`);
  if (code === 2) return wrongState(`${job} is with one of BullMQ's own workers, which cannot be told`);
  const problem = `${maxOrders} jobs of the queue are being cancelled; this one is not`;
  return new PostaError("exhausted", problem, { retryAfterMs: 1000 });
}
