import type { Queue } from "bullmq";
import { show } from "../errors.js";
import { type Bull, errorCodes, wrongState } from "./bull.js";
import type { Keys } from "./keys.js";
import { type JobReader, noSuchJob, type State } from "./read-job.js";

/** Changes single jobs, by BullMQ's own operations. */
export class JobChanger {
  constructor(
    private readonly keys: Keys,
    private readonly bull: Bull,
    private readonly jobs: JobReader,
  ) {}

  /** The payload is kept byte for byte; BullMQ's own update would parse and print it. */
  async updateData(queue: string, id: string, dataJson: string): Promise<void> {
    await this.onJob(queue, id, async (bull) => {
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
    await this.onJob(queue, id, (bull) => bull.getBackend().changePriority(id, priority));
  }

  async updateDelay(queue: string, id: string, delayMs: number): Promise<void> {
    await this.requireState(queue, id, ["delayed"], "be given a delay");
    await this.onJob(queue, id, (bull) => bull.getBackend().changeDelay(id, delayMs));
  }

  async removeJob(queue: string, id: string): Promise<void> {
    await this.jobs.get(queue, id);
    await this.onJob(queue, id, async (bull) => {
      const removed = await bull.remove(id);
      if (removed === 0) throw wrongState(`a worker has the job ${show(id)}: it cannot be removed now`);
    });
  }

  /** Throws wrong-state unless the job has finished. */
  async retryJob(queue: string, id: string): Promise<void> {
    const state = await this.requireState(queue, id, ["failed", "completed"], "be retried");
    await this.onJob(queue, id, async (bull) => {
      const job = await bull.getJob(id);
      if (!job) throw noSuchJob(queue, id);
      await job.retry(state);
    });
  }

  async promoteJob(queue: string, id: string): Promise<void> {
    await this.requireState(queue, id, ["delayed"], "be promoted");
    await this.onJob(queue, id, (bull) => bull.getBackend().promote(id));
  }

  /** Throws wrong-state unless the job is in one of the states; it may leave it a moment later. */
  private async requireState<S extends State>(queue: string, id: string, states: S[], what: string): Promise<S> {
    const { state } = await this.jobs.get(queue, id);
    if (states.includes(state as S)) return state as S;
    throw wrongState(`the job ${show(id)} is ${state}: only ${states.join(", ")} jobs can ${what}`);
  }

  private async onJob(queue: string, id: string, change: (bull: Queue) => Promise<unknown>): Promise<void> {
    await this.bull.run(queue, change).catch((error) => {
      const code = (error.cause as { code?: number } | undefined)?.code;
      if (code === errorCodes.jobNotExist) throw noSuchJob(queue, id);
      if (code === errorCodes.jobNotInState) throw wrongState(`the job ${show(id)} is not in a state that allows this`);
      if (code === errorCodes.jobBelongsToJobScheduler) throw wrongState(`the job ${show(id)} belongs to a schedule`);
      throw error;
    });
  }
}
