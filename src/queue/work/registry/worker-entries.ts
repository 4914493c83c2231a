import { randomBytes } from "node:crypto";
import type { RedisStore } from "../../../store/redis/store.js";
import type { Keys } from "../../job/keys.js";
import { type Listed, toMember, type WorkerInfo } from "./worker-info.js";

/** The entries of a server that has died are gone after this time, in milliseconds. */
const goneMs = 30_000;
/** Names of workers outlive their entries at most by this time, in milliseconds. */
const namesMs = 86_400_000;
/** How often a member is added again to the list of all, which another program may have emptied, in milliseconds. */
const listMs = 60_000;
/** The entry of a worker that is only heard of is written again after this time, in milliseconds. */
const seenMs = 30_000;
/** Entries in one command. */
const slice = 1000;

interface Entry {
  member: string;
  /** When it was last written. */
  writtenAt: number;
  /** When its member was last added to the list of all. */
  listedAt: number;
  isDraining: boolean;
}

/**
 * What a server writes of its workers, for all servers to read: a hash of its entries, which expires with the server,
 * and their members in one sorted set with those of all servers.
 */
export class WorkerEntries {
  private readonly key: string;
  /** Distinguishes the entries of servers. */
  private readonly server = randomBytes(9).toString("base64url");
  private readonly entries = new Map<number, Entry>();
  /** Members that are still to be removed. A write may fail, and is done again by the next. */
  private readonly gone = new Set<string>();

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {
    this.key = keys.workersOf(this.server);
  }

  get isEmpty(): boolean {
    return this.entries.size === 0 && this.gone.size === 0;
  }

  /** Writes what has changed since the last time, in one round trip. Rejects if the store failed. */
  async write(listed: Iterable<Listed>): Promise<void> {
    const { client } = this.store;
    const { workers } = this.keys;
    const { changed, unlisted } = this.collect(listed);
    const gone = [...this.gone];
    const writes: Promise<unknown>[] = [];
    for (const part of slices(changed)) {
      writes.push(client.hset(this.key, ...part.flatMap(([{ member }, info]) => [member, JSON.stringify(info)])));
    }
    for (const part of slices(unlisted)) {
      writes.push(client.zadd(workers, ...part.flatMap(({ member }) => [0, member])), client.pexpire(workers, namesMs));
    }
    for (const part of slices(gone)) writes.push(client.hdel(this.key, ...part), client.zrem(workers, ...part));
    writes.push(client.pexpire(this.key, goneMs));
    try {
      await Promise.all(writes);
    } catch (error) {
      for (const [entry] of changed) entry.writtenAt = 0;
      for (const entry of unlisted) entry.listedAt = 0;
      throw error;
    }
    for (const member of gone) this.gone.delete(member);
  }

  /** The entries that changed since they were written, and those to be listed. Notes the members of those that are gone. */
  private collect(listed: Iterable<Listed>) {
    const now = Date.now();
    const changed: [Entry, WorkerInfo][] = [];
    const unlisted: Entry[] = [];
    const left = new Map(this.entries);
    for (const { number, changedAt, ...info } of listed) {
      left.delete(number);
      const entry = this.entryOf(number, info);
      if (entry.listedAt < now - listMs) {
        entry.listedAt = now;
        unlisted.push(entry);
      }
      const isSame = changedAt < entry.writtenAt && info.isDraining === entry.isDraining;
      if (isSame && info.seenAt < entry.writtenAt + seenMs) continue;
      entry.writtenAt = now;
      entry.isDraining = info.isDraining;
      changed.push([entry, info]);
    }
    for (const [number, { member }] of left) {
      this.entries.delete(number);
      this.gone.add(member);
    }
    return { changed, unlisted };
  }

  private entryOf(number: number, { worker }: WorkerInfo): Entry {
    const known = this.entries.get(number);
    if (known) return known;
    const entry = { member: toMember(worker, this.server, number), writtenAt: 0, listedAt: 0, isDraining: false };
    this.entries.set(number, entry);
    return entry;
  }
}

function* slices<Item>(items: readonly Item[]): Iterable<Item[]> {
  for (let from = 0; from < items.length; from += slice) yield items.slice(from, from + slice);
}
