import { readBullLua } from "../../store/bullmq/lua-functions.js";
import { defineScript, readLua, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import { maxSearchedLine } from "../inspect/read-job.js";
import type { Keys } from "../job/keys.js";
import type { PendingJob } from "../job/pending-job.js";

/** Jobs that are in no list of their queue: no worker ever gets such a job. */
export class Orphans {
  private readonly freeOrphans: Script<null>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {
    const before = readBullLua("removeJob") + readLua("queue/job-state");
    this.freeOrphans = defineScript(store.client, "queue/free-orphans", 1, { before });
  }

  /**
   * Removes orphans that would make a job of the batch count as a duplicate. A job's payload goes to Redis only if its
   * id exists there, or if it has a deduplication id.
   */
  async makeWay(queue: string, batch: PendingJob[]): Promise<void> {
    const found = await Promise.all(batch.map((job) => this.hasRival(queue, job)));
    const jobs = batch.filter((_, index) => found[index]);
    if (jobs.length === 0) return;
    const rows = jobs.flatMap(({ id, spec }) => [id, spec.name, spec.dataJson, deduplicationId(spec)]);
    await this.freeOrphans([this.keys.of(queue, "meta")], [this.keys.start(queue), maxSearchedLine.toChange, ...rows]);
  }

  private async hasRival(queue: string, { id, spec }: PendingJob): Promise<boolean> {
    return deduplicationId(spec) !== "" || (await this.store.client.exists(this.keys.of(queue, id))) > 0;
  }
}

function deduplicationId({ options }: PendingJob["spec"]): string {
  return options.deduplication?.id ?? "";
}
