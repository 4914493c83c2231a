import type { Queue } from "../../store/bullmq/module.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { WorkerLister } from "../work/registry/list-workers.js";
import type { WorkerInfo } from "../work/registry/worker-info.js";

/** How long one reading is shown, in milliseconds. */
const freshMs = 5000;
/** Pages of remote workers in one reading, of up to 1000 each. Workers beyond them are not shown. */
const maxPages = 10;
/** What BullMQ appends to the name of a queue's client for a worker with a name. */
const workerSuffix = ":w:";
/** What BullMQ answers where Redis does not list its clients. Without an address, it is no worker. */
const unknown = [{ name: "the clients of Redis are not known" }];

/** Workers as BullMQ answers them: clients of Redis, with all fields as text. */
type Clients = Awaited<ReturnType<Queue["getWorkers"]>>;

interface Reading {
  at: number;
  /** Lines of CLIENT LIST, by the client's name without a worker's own name. */
  lines: Promise<Map<string, string[]>>;
  /** By queue. */
  remote: Promise<Map<string, Clients>>;
}

/**
 * The workers of queues for a user interface: BullMQ's own, and those that use Posta. All queues share one reading.
 * BullMQ would list all clients of Redis for each queue.
 */
export class ShownWorkers {
  private last: Reading | undefined;

  constructor(
    private readonly store: RedisStore,
    private readonly lister: WorkerLister,
  ) {}

  /** Makes a queue answer its workers of both kinds. */
  addTo(queue: Queue): void {
    const backend = queue.getBackend();
    const clientName = backend.clientName();
    backend.getClientList = async () => [((await this.read().lines).get(clientName) ?? []).join("\n")];
    const getWorkers = queue.getWorkers.bind(queue);
    queue.getWorkers = async () => {
      const [own, remote] = await Promise.all([getWorkers().catch(() => unknown), this.read().remote]);
      return [...own, ...(remote.get(queue.name) ?? [])];
    };
  }

  private read(): Reading {
    const now = Date.now();
    if (this.last && now - this.last.at < freshMs) return this.last;
    const reading = { at: now, lines: this.readLines(), remote: this.readRemote(now) };
    this.last = reading;
    // A failed reading is not shown again. Each queue that asked for it gets its error.
    Promise.all([reading.lines, reading.remote]).catch(() => {
      if (this.last === reading) this.last = undefined;
    });
    return reading;
  }

  private async readLines(): Promise<Map<string, string[]>> {
    const lines = new Map<string, string[]>();
    for (const line of String(await this.store.client.client("LIST")).split("\n")) {
      const [name = ""] = / name=(\S*)/.exec(line)?.[1]?.split(workerSuffix) ?? [];
      if (name !== "") addTo(lines, name, line);
    }
    return lines;
  }

  private async readRemote(now: number): Promise<Map<string, Clients>> {
    const clients = new Map<string, Clients>();
    let pageToken = "";
    for (let page = 0; page < maxPages; page += 1) {
      const { workers, nextPageToken } = await this.lister.list({ pageSize: 1000, pageToken, mayShow: () => true });
      for (const [index, info] of workers.entries()) {
        const id = `posta-${page}-${index}`;
        for (const place of info.queues) addTo(clients, place.queue, toClient(info, place, id, now));
      }
      pageToken = nextPageToken;
      if (pageToken === "") break;
    }
    return clients;
  }
}

/** A remote worker in the form of a client of Redis. In place of an address, it says what Posta knows of the worker. */
function toClient(info: WorkerInfo, place: WorkerInfo["queues"][number], id: string, now: number): Clients[number] {
  const { worker, version, inSession, isDraining, startedAt } = info;
  const kind = inSession ? `Posta session, ${place.inFlight} of ${place.max} jobs` : "Posta calls";
  return {
    id,
    name: place.queue,
    rawname: `${workerSuffix}${worker}`,
    addr: [version, kind, isDraining ? "draining" : ""].filter((part) => part !== "").join(", "),
    age: String(Math.max(0, Math.round((now - startedAt) / 1000))),
  };
}

function addTo<Item>(groups: Map<string, Item[]>, key: string, item: Item): void {
  const group = groups.get(key);
  if (group) group.push(item);
  else groups.set(key, [item]);
}
