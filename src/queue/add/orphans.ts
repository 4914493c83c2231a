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
   * Removes orphans that would make a job of the batch count as a duplicate. Payloads go to Redis only if an id of the
   * batch exists there, or for jobs with a deduplication id.
   */
  async makeWay(queue: string, batch: PendingJob[]): Promise<void> {
    const existing = await this.store.client.exists(...batch.map(({ id }) => this.keys.of(queue, id)));
    const jobs = existing > 0 ? batch : batch.filter(({ spec }) => deduplicationId(spec) !== "");
    if (jobs.length === 0) return;
    const rows = jobs.flatMap(({ id, spec }) => [id, spec.name, spec.dataJson, deduplicationId(spec)]);
    await this.freeOrphans([this.keys.of(queue, "meta")], [this.keys.start(queue), maxSearchedLine.toChange, ...rows]);
  }
}

function deduplicationId({ options }: PendingJob["spec"]): string {
  return options.deduplication?.id ?? "";
}
