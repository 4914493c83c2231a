import type { RedisStore } from "../../../store/redis/store.js";
import type { Logger } from "../../../telemetry/log/log.js";
import type { Keys } from "../../job/keys.js";
import type { CancelOrder } from "../cancel-order.js";
import type { WaitingCall } from "../leaser.js";
import { DrainOrders } from "../orders/drain-orders.js";
import type { WorkControl } from "../orders/work-control.js";
import type { CallingWorkers } from "./calling-workers.js";
import { WaitingCalls } from "./waiting-calls.js";
import { WorkerEntries } from "./worker-entries.js";
import type { Listed } from "./worker-info.js";

/** How often a server writes down which workers it has, in milliseconds. */
const tickMs = 5000;

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

/** The workers of this server. Shows them to all servers, and brings them orders. A server without workers writes nothing. */
export class WorkerRegistry {
  readonly sessions = new Set<ListedSession>();
  private readonly entries: WorkerEntries;
  private readonly orders = new DrainOrders();
  private readonly waiting = new WaitingCalls();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly parts: RegistryParts) {
    this.entries = new WorkerEntries(parts.store, parts.keys);
    parts.control.on("cancel", (order) => {
      const local = { ...order, endsAt: parts.store.clock.toLocalTime(order.endsAt) };
      for (const session of this.sessions) session.cancel(local);
    });
    parts.control.on("drain", (order) => {
      if (!this.timer) return; // Without workers. The first tick reads the orders that stand.
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

  /** Stops a call that waits once its worker is ordered to end. Returns what forgets the call. */
  onDrain(call: WaitingCall): () => void {
    if (this.isDrained(call.worker, call.queue)) call.stop();
    return this.waiting.add(call);
  }

  /** Whether a worker that calls is ordered to end. */
  private isDrained(worker: string, queue: string): boolean {
    return this.orders.covers(worker, [queue]);
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    this.parts.control.close();
  }

  private drainOrdered(): void {
    for (const session of this.sessions) this.drainIfOrdered(session);
    this.waiting.stop((worker, queue) => this.isDrained(worker, queue));
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

  /** Writes the workers, and reads which of them are ordered to end, in one round trip. */
  private async write(): Promise<void> {
    const { store, keys } = this.parts;
    const orders = store.client.zrange(keys.drained, store.clock.now(), "+inf", "BYSCORE");
    const [ordered] = await Promise.all([orders, this.entries.write(this.listed())]);
    this.orders.replace(ordered);
    this.drainOrdered();
    if (this.sessions.size === 0 && this.entries.isEmpty) this.rest();
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.orders.replace([]); // They end, and nothing tells of it any more.
  }

  private *listed(): Iterable<Listed> {
    for (const session of this.sessions) yield session.info();
    for (const calling of this.parts.calling.all) {
      const isDraining = calling.queues.every(({ queue }) => this.isDrained(calling.worker, queue));
      yield { ...calling, isDraining };
    }
  }
}
