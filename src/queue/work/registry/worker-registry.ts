import { randomBytes } from "node:crypto";
import type { RedisStore } from "../../../store/redis/store.js";
import type { Logger } from "../../../telemetry/log/log.js";
import type { Keys } from "../../job/keys.js";
import type { CancelOrder } from "../cancel-order.js";
import { DrainOrders } from "../orders/drain-orders.js";
import type { WorkControl } from "../orders/work-control.js";
import type { CallingWorkers } from "./calling-workers.js";
import { toMember, type WorkerInfo } from "./worker-info.js";

/** How often a server writes down which workers it has, in milliseconds. */
const tickMs = 5000;
/** The entries of a server that has died are gone after this time, in milliseconds. */
const goneMs = 30_000;
/** Names of workers outlive their entries at most by this time, in milliseconds. */
const namesMs = 86_400_000;
/** How often a member is added again to the list of all, which another program may have emptied, in milliseconds. */
const listMs = 60_000;
/** Entries in one command. */
const slice = 5000;

interface Entry {
  member: string;
  /** When it was last written. */
  writtenAt: number;
  /** When its member was last added to the list of all. */
  listedAt: number;
}

/** What a registry lists: sessions and workers that call. */
interface Listed extends WorkerInfo {
  /** Names the entry among those of this server. */
  number: number;
}

/** A session, as the registry sees it. */
export interface ListedSession {
  readonly worker: string;
  readonly queues: string[];
  /** How many jobs the worker takes at a time, of all its queues, and how many it has. */
  readonly load: { max: number; inFlight: number };
  info(): Listed;
  /** Tells the worker to stop working on a job, if it has the job. */
  cancel(order: CancelOrder): void;
  /** Asks the worker, once, to end. */
  orderDrain(): Promise<void>;
}

export interface RegistryParts {
  store: RedisStore;
  keys: Keys;
  control: WorkControl;
  calling: CallingWorkers;
  log: Logger;
}

/**
 * The workers of this server, and the entries that show them to all servers. Each server has a hash of its entries,
 * which expires with it; one sorted set has the members of all. A server without workers writes nothing.
 */
export class WorkerRegistry {
  readonly sessions = new Set<ListedSession>();
  /** Distinguishes the entries of servers. */
  private readonly server = randomBytes(9).toString("base64url");
  private readonly entries = new Map<number, Entry>();
  private readonly orders = new DrainOrders();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly parts: RegistryParts) {
    parts.control.on("cancel", (order) => {
      const local = { ...order, endsAt: parts.store.toLocalTime(order.endsAt) };
      for (const session of this.sessions) session.cancel(local);
    });
    parts.control.on("drain", (order) => {
      this.orders.add(order);
      this.drainOrdered();
    });
  }

  /** A session has begun. */
  add(session: ListedSession): void {
    this.sessions.add(session);
    this.drainIfOrdered(session);
    this.start();
  }

  remove(session: ListedSession): void {
    this.sessions.delete(session);
  }

  /** A worker asks for jobs by a single call. Answers whether it is ordered to end. */
  call(worker: string, queue: string): boolean {
    this.parts.calling.note(worker, queue);
    this.start();
    return this.isDrained(worker, queue);
  }

  /** Whether a worker that calls is ordered to end. */
  isDrained(worker: string, queue: string): boolean {
    return this.orders.covers(worker, [queue]);
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    this.parts.control.close();
  }

  private drainOrdered(): void {
    for (const session of this.sessions) this.drainIfOrdered(session);
  }

  private drainIfOrdered(session: ListedSession): void {
    if (this.orders.covers(session.worker, session.queues)) void session.orderDrain();
  }

  /** Writes entries from now on, for as long as there are some. */
  private start(): void {
    if (this.timer || this.isClosed) return;
    this.parts.control.open();
    this.timer = setInterval(() => this.tick(), tickMs);
    setImmediate(() => this.tick());
  }

  private tick(): void {
    if (!this.parts.store.usable) return;
    this.write().catch((error) => this.parts.log.debug({ err: error }, "the list of workers is not up to date"));
  }

  /** Writes what has changed since the last tick, in one round trip, and reads which workers are ordered to end. */
  private async write(): Promise<void> {
    const { client } = this.parts.store;
    const { keys } = this.parts;
    const key = keys.workersOf(this.server);
    const { changed, unlisted, gone } = this.collect();
    const writes: Promise<unknown>[] = [];
    for (let from = 0; from < changed.length; from += slice) {
      const part = changed.slice(from, from + slice);
      writes.push(client.hset(key, ...part.flatMap(([member, info]) => [member, JSON.stringify(info)])));
    }
    for (let from = 0; from < unlisted.length; from += slice) {
      writes.push(client.zadd(keys.workers, ...unlisted.slice(from, from + slice).flatMap((member) => [0, member])));
      writes.push(client.pexpire(keys.workers, namesMs));
    }
    for (let from = 0; from < gone.length; from += slice) {
      const part = gone.slice(from, from + slice);
      writes.push(client.hdel(key, ...part), client.zrem(keys.workers, ...part));
    }
    writes.push(client.pexpire(key, goneMs));
    const orders = client.zrange(keys.drained, Date.now(), "+inf", "BYSCORE");
    await Promise.all(writes);
    this.orders.replace(await orders);
    this.drainOrdered();
    if (this.entries.size === 0) this.rest();
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** The entries that changed since they were written; the members to be listed; and those of entries that are gone. */
  private collect() {
    const now = Date.now();
    const changed: [member: string, info: WorkerInfo][] = [];
    const unlisted: string[] = [];
    const left = new Map(this.entries);
    for (const { number, ...info } of this.listed()) {
      left.delete(number);
      const known = this.entries.get(number);
      const entry = known ?? { member: toMember(info.worker, this.server, number), writtenAt: 0, listedAt: 0 };
      this.entries.set(number, entry);
      if (entry.listedAt < now - listMs) {
        entry.listedAt = now;
        unlisted.push(entry.member);
      }
      if (info.seenAt < entry.writtenAt) continue;
      entry.writtenAt = now;
      const queues = info.queues.map(({ queue }) => queue);
      changed.push([entry.member, { ...info, isDraining: info.isDraining || this.orders.covers(info.worker, queues) }]);
    }
    for (const number of left.keys()) this.entries.delete(number);
    return { changed, unlisted, gone: [...left.values()].map(({ member }) => member) };
  }

  private *listed(): Iterable<Listed> {
    for (const session of this.sessions) yield session.info();
    yield* this.parts.calling.all;
  }
}
