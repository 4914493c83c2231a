import { fromToken, isCount, maxPageBytes, pageSize, toToken } from "../../store/page-token.js";
import { defineScript, readLua, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import { briefFields, fullFields, type JobRow, plansLua, rowArguments, toFields } from "../job/job-fields.js";
import type { Keys } from "../job/keys.js";
import { noSuchQueue, rethrow, type State, type StoredJob } from "./read-job.js";

export interface JobPage {
  jobs: StoredJob[];
  nextPageToken: string;
}

/** Which jobs to list; `full`: with their payloads. */
export interface ListQuery {
  queue: string;
  state: State;
  pageSize: number;
  pageToken: string;
  full: boolean;
}

interface Place {
  id: string;
  score: string | undefined;
}

const sorted: Partial<Record<State, "asc" | "desc">> = {
  delayed: "asc",
  prioritized: "asc",
  "waiting-children": "asc",
  completed: "desc",
  failed: "desc",
};

/**
 * How many of a list's last shown jobs a token remembers. Some of these jobs may be taken or removed before the next
 * page is requested.
 */
const marks = 8;
/** Lists the jobs of one state, a page at a time. */
export class JobLister {
  private readonly pageSorted: Script<string[]>;
  private readonly pageLine: Script<(string | number)[]>;
  private readonly readJobs: Script<JobRow[]>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    /** The most bytes of a job in an answer. A larger job is cut. */
    private readonly maxBytes: number,
  ) {
    this.pageSorted = defineScript(store.client, "queue/page-sorted", 1);
    this.pageLine = defineScript(store.client, "queue/page-line", 1);
    this.readJobs = defineScript(store.client, "queue/read-jobs", 1, { before: plansLua + readLua("queue/job-row") });
  }

  /** Throws not-found if there is no such queue. */
  async list(query: ListQuery): Promise<JobPage> {
    const { queue, state } = query;
    const size = pageSize(query.pageSize, 100, 1000);
    const order = sorted[state];
    const after = fromToken(query.pageToken, kindOf(query), order ? isSortedPlace : isLinePlace);
    const exists = this.store.client.exists(this.keys.of(queue, "meta"));
    const page = order ? this.sortedPage(query, order, size, after) : this.linePage(query, size, after);
    const [known, { places, tokenAt }] = await Promise.all([exists, page]).catch(rethrow);
    if (!known) throw noSuchQueue(queue);
    const { jobs, shown } = await this.read(query, places).catch(rethrow);
    const isLast = places.length < size && shown === places.length;
    return { jobs, nextPageToken: isLast ? "" : toToken([kindOf(query), ...tokenAt(shown)]) };
  }

  private async sortedPage({ queue, state }: ListQuery, order: string, size: number, after: (string | number)[] = []) {
    const [score = "", id = ""] = after;
    const flat = await this.pageSorted([this.keys.of(queue, state)], [order, size, score, id]);
    const places: Place[] = [];
    for (let at = 0; at < flat.length; at += 2) places.push({ id: flat[at] as string, score: flat[at + 1] });
    const tokenAt = (shown: number) => {
      const last = places[shown - 1];
      return last ? [last.score as string, last.id] : [];
    };
    return { places, tokenAt };
  }

  private async linePage({ queue, state }: ListQuery, size: number, after: (string | number)[] = [-1]) {
    const key = this.keys.of(queue, state === "waiting" ? "wait" : state);
    const [start, ...ids] = await this.pageLine([key], [size, ...after]);
    const places = ids.map((id) => ({ id: id as string, score: undefined }));
    const tokenAt = (shown: number) => {
      const lastShown = ids.slice(Math.max(0, shown - marks), shown).reverse();
      return [Number(start) + shown - 1, ...lastShown];
    };
    return { places, tokenAt };
  }

  /** Reads as many of the first jobs as fit the bytes of a page, and at least one. */
  private async read({ queue, state, full }: ListQuery, places: Place[]) {
    if (places.length === 0) return { shown: 0, jobs: [] };
    const wanted = full ? fullFields : briefFields;
    const ids = places.map(({ id }) => id);
    const args = [this.keys.start(queue), maxPageBytes, ...rowArguments(wanted, this.maxBytes), ...ids];
    const rows = await this.readJobs([this.keys.of(queue, "meta")], args);
    const jobs = rows.flatMap((row, index): StoredJob[] => {
      const { id, score } = places[index] as Place;
      const { fields, cut } = toFields(wanted, row);
      // The job was removed after its id was read.
      if (fields.name === undefined) return [];
      return [{ id, state, score: score === undefined ? undefined : Number(score), fields, cut }];
    });
    return { shown: rows.length, jobs };
  }
}

/**
 * Names the list that a token belongs to. A place in one list means nothing in another, even if scores or ids are
 * equal.
 */
function kindOf({ queue, state }: ListQuery): string {
  return `${state} of ${queue}`;
}

/** A score and an id. */
function isSortedPlace([score, id, ...rest]: (string | number)[]): boolean {
  return (
    typeof score === "string" &&
    /^[-+.e\d]+$/.test(score) &&
    Number.isFinite(Number(score)) &&
    typeof id === "string" &&
    rest.length === 0
  );
}

/** A distance from the list's end, and ids. */
function isLinePlace([distance, ...ids]: (string | number)[]): boolean {
  return isCount(distance) && ids.length > 0 && ids.length <= marks && ids.every((id) => typeof id === "string");
}
