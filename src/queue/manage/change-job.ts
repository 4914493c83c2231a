import { type PostaError, show, wrongState } from "../../errors/posta-error.js";
import type { BullAdapter } from "../../store/bullmq/adapter.js";
import { noSuchJob } from "../../store/bullmq/errors.js";
import type { FoundState, JobReader, StoredJob } from "../inspect/read-job.js";
import { retryFields } from "../job/job-fields.js";
import type { Keys } from "../job/keys.js";
import { isFinished, retryFinished } from "./retry-job.js";

/** Changes single jobs, by BullMQ's own operations. */
export class JobChanger {
  constructor(
    private readonly keys: Keys,
    private readonly bull: BullAdapter,
    private readonly jobs: JobReader,
  ) {}

  /** Keeps the payload byte for byte. BullMQ's own update would parse and print it. */
  async updateData(queue: string, id: string, dataJson: string): Promise<void> {
    await this.jobs.state(queue, id);
    await this.bull.run(queue, async (bull) => {
      const backend = bull.getBackend();
      const code = await backend.execCommand(await backend.client, "updateData", [this.keys.of(queue, id), dataJson]);
      if (code < 0) throw noSuchJob(queue, id);
    });
  }

  async updatePriority(queue: string, id: string, priority: number): Promise<void> {
    await this.requireState(
      queue,
      id,
      ["waiting", "prioritized", "delayed", "waiting-children"],
      "be given a priority",
    );
    await this.bull.run(queue, (bull) => bull.getBackend().changePriority(id, priority), id);
  }

  async updateDelay(queue: string, id: string, delayMs: number): Promise<void> {
    await this.requireState(queue, id, ["delayed"], "be given a delay");
    await this.bull.run(queue, (bull) => bull.getBackend().changeDelay(id, delayMs), id);
  }

  async removeJob(queue: string, id: string): Promise<void> {
    await this.jobs.state(queue, id);
    const removed = await this.bull.run(queue, (bull) => bull.remove(id), id);
    if (removed === 0) throw wrongState(`a worker has the job ${show(id)}: it cannot be removed now`);
  }

  /** Throws wrong-state unless the job has finished. */
  async retryJob(queue: string, id: string): Promise<void> {
    const job = await this.jobs.toChange(queue, id, retryFields);
    if (!isFinished(job)) throw notIn(job, ["failed", "completed"], "be retried");
    await retryFinished(this.bull, queue, job);
  }

  async promoteJob(queue: string, id: string): Promise<void> {
    await this.requireState(queue, id, ["delayed"], "be promoted");
    await this.bull.run(queue, (bull) => bull.getBackend().promote(id), id);
  }

  /** Throws wrong-state unless the job is in one of the states. The job may leave that state a moment later. */
  private async requireState(queue: string, id: string, states: FoundState[], what: string): Promise<void> {
    const state = await this.jobs.state(queue, id);
    if (!states.includes(state)) throw notIn({ id, state }, states, what);
  }
}

function notIn({ id, state }: Pick<StoredJob, "id" | "state">, states: FoundState[], what: string): PostaError {
  const way = state === "orphaned" ? ", and an orphaned one be removed" : "";
  return wrongState(`the job ${show(id)} is ${state}: only ${states.join(", ")} jobs can ${what}${way}`);
}
