import type { BullAdapter } from "../../store/bullmq/adapter.js";
import type { ScheduledOptions } from "../../store/bullmq/module.js";
import type { Logger } from "../../telemetry/log/log.js";
import { parseObject } from "../job/stored-json.js";
import type { LeasedJob } from "./work.js";

type Run = Pick<LeasedJob, "id" | "name" | "optionsJson" | "schedule">;

/** Whoever begins a run of a schedule adds the schedule's next run. Without that, the schedule ends. */
export class ScheduledRuns {
  constructor(
    private readonly bull: BullAdapter,
    private readonly log: Logger,
  ) {}

  /** Adds the next run of each schedule that one of the jobs is a run of. Never fails: the jobs are leased already. */
  async planNext(queue: string, jobs: readonly Run[]): Promise<void> {
    for (const job of jobs) {
      if (job.schedule === undefined) continue;
      await this.plan(queue, job, job.schedule).catch((error) => {
        this.log.error({ err: error, queue, schedule: job.schedule }, "the next run of a schedule could not be added");
      });
    }
  }

  private plan(queue: string, { id, name, optionsJson }: Run, schedule: string): Promise<void> {
    const options = parseObject<ScheduledOptions>(optionsJson);
    return this.bull.run(queue, async (found) => {
      const scheduler = await found.jobScheduler;
      // Old repeatable jobs have no scheduler, and BullMQ's own worker does not continue them either.
      if (!options.repeat || !(await scheduler.isJobScheduler(schedule))) return;
      const run = { override: false, producerId: id };
      // The next run gets the data that the schedule itself has: this run's may be no JSON.
      await scheduler.upsertJobScheduler(schedule, options.repeat, name, undefined, options, run);
    });
  }
}
