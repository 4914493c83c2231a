import { readPage } from "../../../store/filtered-page.js";
import { fromToken, pageSize, toToken } from "../../../store/page-token.js";
import { toStoreError } from "../../../store/redis/errors.js";
import type { RedisStore } from "../../../store/redis/store.js";
import type { Keys } from "../../job/keys.js";
import { serverOf, type WorkerInfo } from "./worker-info.js";

const [defaultSize, maxSize] = [100, 1000];

export interface WorkersQuery {
  pageSize: number;
  pageToken: string;
  /** Whether the caller may see what works on a queue, and asked for it. */
  mayShow(queue: string): boolean;
}

interface Entry {
  /** The member of the entry. */
  id: string;
  /** undefined: its server is gone. */
  info: WorkerInfo | undefined;
  bytes: number;
}

/** Lists the workers of all servers. */
export class WorkerLister {
  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {}

  /** A page of workers, by name, with the queues that may be shown. */
  async list(query: WorkersQuery): Promise<{ workers: WorkerInfo[]; nextPageToken: string }> {
    const size = pageSize(query.pageSize, defaultSize, maxSize);
    const [after] = fromToken(query.pageToken, "workers", ([member]) => typeof member === "string") ?? [];
    const source = {
      read: (last: string | undefined, limit: number) => this.read(last, limit),
      mayShow: ({ info }: Entry) => info?.queues.some(({ queue }) => query.mayShow(queue)) ?? false,
      bytesOf: ({ bytes }: Entry) => bytes,
    };
    const page = await readPage(source, size, after as string | undefined).catch((error) => {
      throw toStoreError(error);
    });
    const workers = page.items.map(({ info }) => {
      const { queues, ...rest } = info as WorkerInfo;
      return { ...rest, queues: queues.filter(({ queue }) => query.mayShow(queue)) };
    });
    return { workers, nextPageToken: page.next === undefined ? "" : toToken(["workers", page.next]) };
  }

  /** The entries of all sessions and calls of one worker. */
  async find([from, to]: [from: string, to: string]): Promise<WorkerInfo[]> {
    const members = await this.store.client.zrangebylex(this.keys.workers, from, to, "LIMIT", 0, maxSize);
    return (await this.readEntries(members)).flatMap(({ info }) => info ?? []);
  }

  private async read(last: string | undefined, limit: number): Promise<{ items: Entry[]; goesOn: boolean }> {
    const { client } = this.store;
    const from = last === undefined ? "-" : `(${last}`;
    const members = await client.zrangebylex(this.keys.workers, from, "+", "LIMIT", 0, limit);
    const items = await this.readEntries(members);
    const gone = items.filter(({ info }) => info === undefined).map(({ id }) => id);
    // A server that died could not remove its workers itself.
    if (gone.length > 0) await client.zrem(this.keys.workers, ...gone);
    return { items, goesOn: members.length === limit };
  }

  /** Reads entries from the hashes of their servers, in one round trip. */
  private async readEntries(members: string[]): Promise<Entry[]> {
    const byServer = new Map<string, string[]>();
    for (const member of members) {
      const server = serverOf(member);
      byServer.set(server, [...(byServer.get(server) ?? []), member]);
    }
    const found = new Map<string, string | null>();
    const reads = [...byServer].map(async ([server, some]) => {
      const texts = await this.store.client.hmget(this.keys.workersOf(server), ...some);
      for (const [index, member] of some.entries()) found.set(member, texts[index] ?? null);
    });
    await Promise.all(reads);
    return members.map((id) => {
      const json = found.get(id) ?? undefined;
      return { id, info: json === undefined ? undefined : (JSON.parse(json) as WorkerInfo), bytes: json?.length ?? 0 };
    });
  }
}
