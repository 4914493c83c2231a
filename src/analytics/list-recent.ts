import { LRUCache } from "lru-cache";
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

/** A page that Redis has given, for as long as it need not give it again. */
interface Known {
  page: RecentPage;
  /** How many events the name had ever had by then. */
  pushed: number;
}

/** Their events' bytes in Redis; as objects they take some five times as much. */
const maxKnownBytes = 4 << 20;
/** Redis may have evicted a list and counted as far again: no other way could a page be wrong, and it is not for long. */
const knownMs = 1000;

/** Lists the last events of a name, a page at a time. What has not changed since it was last read is not read again. */
export class RecentLister {
  private readonly listRecent: Script<(number | string)[]>;
  private readonly reads = new SharedReads<RecentPage>();
  private readonly known = new LRUCache<string, Known>({ max: 1000, maxSize: maxKnownBytes, ttl: knownMs });

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
    const question = JSON.stringify([name, limit, after]);
    return this.reads.get(question, () => this.read(question, name, limit, after));
  }

  private async read(question: string, name: string, limit: number, after: string | number): Promise<RecentPage> {
    const { list, pushed } = this.keys.recent(name);
    const known = this.known.get(question);
    const [now, ...rest] = await this.listRecent([list, pushed], [after, limit, known?.pushed ?? ""]).catch((error) => {
      throw toStoreError(error, "the analytics store");
    });
    if (now === undefined) return (known as Known).page;
    const [first, ...items] = rest;
    const shown = withinBytes(items as string[]);
    const page = toPage(name, Number(first), shown, shown.length < limit && shown.length === items.length);
    const size = 100 + shown.reduce((sum, item) => sum + item.length, 0);
    this.known.set(question, { page, pushed: Number(now) }, { size });
    return page;
  }
}

function toPage(name: string, first: number, shown: string[], isLast: boolean): RecentPage {
  return {
    events: shown.map((item) => fromRecent(name, item)),
    nextPageToken: isLast ? "" : toToken(["recent", first - shown.length + 1]),
  };
}

function withinBytes(items: string[]): string[] {
  let bytes = 0;
  const over = items.findIndex((item, index) => {
    bytes += Buffer.byteLength(item);
    return bytes > maxPageBytes && index > 0;
  });
  return over < 0 ? items : items.slice(0, over);
}
