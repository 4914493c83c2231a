import { type ErrorCode, toPostaError } from "../../errors/posta-error.js";
import type { BullAdapter } from "../../store/bullmq/adapter.js";
import type { ScheduledOptions } from "../../store/bullmq/module.js";
import type { Logger } from "../../telemetry/log/log.js";
import { parseObject } from "../job/stored-json.js";
import type { LeasedJob } from "./work.js";

type Run = Pick<LeasedJob, "id" | "name" | "optionsJson" | "schedule">;

/** Errors of a store that cannot do it now. To try again later may help. */
const passing: ReadonlySet<ErrorCode> = new Set(["unavailable", "expired", "exhausted"]);

/** Whoever begins a run of a schedule adds the schedule's next run. Without that, the schedule ends. */
export class ScheduledRuns {
  constructor(
    private readonly bull: BullAdapter,
    private readonly log: Logger,
  ) {}

  /**
   * Adds the next run of each schedule that one of the runs is of. Answers the runs whose next run could not be added because
   * the store failed: nobody may begin or fail them, as their schedules would end. Never rejects.
   */
  async planNext<Leased extends Run>(queue: string, runs: readonly Leased[]): Promise<Leased[]> {
    const unplanned: Leased[] = [];
    for (const run of runs) {
      if (run.schedule === undefined) continue;
      await this.plan(queue, run, run.schedule).catch((error) => {
        const { schedule } = run;
        this.log.error({ err: error, queue, schedule }, "the next run of a schedule could not be added");
        // A schedule that is odd stays so: its run goes on without a next one.
        if (passing.has(toPostaError(error).code)) unplanned.push(run);
      });
    }
    return unplanned;
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
