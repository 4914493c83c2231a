import { readBullLua } from "../../store/bullmq/lua-functions.js";
import { defineScript, readLua, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import { maxSearchedLine } from "../inspect/read-job.js";
import type { Keys } from "../job/keys.js";
import type { Entry } from "./queue-batcher.js";

/** Jobs that are in no list of their queue, so that no worker is ever handed them. */
export class Orphans {
  private readonly freeOrphans: Script<null>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {
    const before = readBullLua("removeJob") + readLua("job-state");
    this.freeOrphans = defineScript(store.client, "free-orphans", 1, { before });
  }

  /** Removes those in whose place entries are about to come. The entries' payloads go to Redis only where something has their id. */
  async makeWay(queue: string, batch: Entry[]): Promise<void> {
    const found = await Promise.all(batch.map((entry) => this.hasRival(queue, entry)));
    const jobs = batch.filter((_, index) => found[index]);
    if (jobs.length === 0) return;
    const rows = jobs.flatMap(({ id, spec }) => [id, spec.name, spec.dataJson, deduplicationId(spec)]);
    await this.freeOrphans([this.keys.of(queue, "meta")], [this.keys.start(queue), maxSearchedLine.toChange, ...rows]);
  }

  private async hasRival(queue: string, { id, spec }: Entry): Promise<boolean> {
    return deduplicationId(spec) !== "" || (await this.store.client.exists(this.keys.of(queue, id))) > 0;
  }
}

function deduplicationId({ options }: Entry["spec"]): string {
  return options.deduplication?.id ?? "";
}
