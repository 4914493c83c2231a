import { fromToken, maxPageBytes, pageSize, toToken } from "../page-token.js";
import type { RedisStore } from "../store/redis.js";
import { toStoreError } from "../store/redis-errors.js";
import { defineScript, type Script } from "../store/scripts.js";
import type { EventRequest } from "./event.js";
import type { Keys } from "./keys.js";
import { fromRecent } from "./recent.js";
import { SharedReads } from "./shared-reads.js";

/** Several callers may have the same one. */
export interface RecentPage {
  readonly events: readonly EventRequest[];
  readonly nextPageToken: string;
}

/** Lists the last events of a name, a page at a time. */
export class RecentLister {
  private readonly listRecent: Script<(number | string)[]>;
  private readonly reads = new SharedReads<RecentPage>();

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {
    this.listRecent = defineScript(store.client, "list-recent", 2);
  }

  /** Throws invalid for a size or token that cannot be, unavailable. */
  async list(name: string, size: number, token: string): Promise<RecentPage> {
    const limit = pageSize(size, 100, 1000);
    const [after = ""] =
      fromToken(token, "recent", ([number, ...rest]) => Number.isSafeInteger(number) && rest.length === 0) ?? [];
    this.store.requireUsable();
    return this.reads.get(JSON.stringify([name, limit, after]), () => this.read(name, limit, after));
  }

  private async read(name: string, limit: number, after: string | number): Promise<RecentPage> {
    const { list, pushed } = this.keys.recent(name);
    const [first, ...items] = await this.listRecent([list, pushed], [after, limit]).catch((error) => {
      throw toStoreError(error, "the analytics store");
    });
    const shown = withinBytes(items as string[]);
    const last = Number(first) - shown.length + 1;
    const isLast = shown.length < limit && shown.length === items.length;
    return {
      events: shown.map((item) => fromRecent(name, item)),
      nextPageToken: isLast ? "" : toToken(["recent", last]),
    };
  }
}

function withinBytes(items: string[]): string[] {
  let bytes = 0;
  const over = items.findIndex((item, index) => {
    bytes += Buffer.byteLength(item);
    return bytes > maxPageBytes && index > 0;
  });
  return over < 0 ? items : items.slice(0, over);
}
