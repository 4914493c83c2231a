import { LRUCache } from "lru-cache";
import { fromToken, maxPageBytes, pageSize, toToken } from "../../store/page-token.js";
import { toReadError } from "../../store/redis/errors.js";
import { defineScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "../hot/keys.js";
import type { EventRequest } from "../track/event.js";
import { fromRecent } from "../track/recent.js";
import { SharedReads } from "./shared-reads.js";

/** A page of events. Several callers may get the same object. */
export interface RecentPage {
  readonly events: readonly EventRequest[];
  readonly nextPageToken: string;
}

/** A page from Redis, kept so that Redis need not send it again. */
interface Known {
  page: RecentPage;
  /** How many events the name had ever had when the page was read. */
  pushed: number;
}

/** The bytes that the events of all known pages take in Redis. As objects they take about five times as much. */
const maxKnownBytes = 4 << 20;
/** While Redis stays connected, a known page is wrong in one case: Redis evicted the list and counted as far again. */
const knownMs = 1000;

/** Lists the last events of a name, a page at a time. A page that has not changed is not read again. */
export class RecentLister {
  private readonly listRecent: Script<(number | string)[]>;
  private readonly reads = new SharedReads<RecentPage>();
  private readonly known = new LRUCache<string, Known>({ max: 1000, maxSize: maxKnownBytes, ttl: knownMs });

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {
    this.listRecent = defineScript(store.client, "analytics/list-recent", 2);
    // A Redis that comes back may have lost its last counts.
    store.client.on("close", () => this.known.clear());
  }

  /** Throws invalid for a wrong size or token, and unavailable. */
  async list(name: string, size: number, token: string): Promise<RecentPage> {
    const limit = pageSize(size, 100, 1000);
    const isPlace = (place: unknown[]) => place.length === 2 && place[0] === name && Number.isSafeInteger(place[1]);
    const [, after = ""] = fromToken(token, "recent", isPlace) ?? [];
    this.store.requireUsable();
    const question = JSON.stringify([name, limit, after]);
    return this.reads.get(question, () => this.read(question, name, limit, after));
  }

  private async read(question: string, name: string, limit: number, after: string | number): Promise<RecentPage> {
    const { list, pushed } = this.keys.recent(name);
    const known = this.known.get(question);
    const [now, ...rest] = await this.listRecent([list, pushed], [after, limit, known?.pushed ?? ""]).catch((error) => {
      throw toReadError(error, "the analytics store");
    });
    if (now === undefined) return (known as Known).page;
    const [first, ...items] = rest;
    const { shown, bytes } = withinBytes(items as string[]);
    const page = toPage(name, Number(first), shown, shown.length < limit && shown.length === items.length);
    this.known.set(question, { page, pushed: Number(now) }, { size: question.length + bytes });
    return page;
  }
}

function toPage(name: string, first: number, shown: string[], isLast: boolean): RecentPage {
  return {
    events: shown.map((item) => fromRecent(name, item)),
    nextPageToken: isLast ? "" : toToken(["recent", name, first - shown.length + 1]),
  };
}

function withinBytes(items: string[]): { shown: string[]; bytes: number } {
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    const more = Buffer.byteLength(item);
    if (bytes + more > maxPageBytes && index > 0) return { shown: items.slice(0, index), bytes };
    bytes += more;
  }
  return { shown: items, bytes };
}
