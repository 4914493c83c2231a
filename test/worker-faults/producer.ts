import { setTimeout as sleep } from "node:timers/promises";
import { FlowProducer } from "bullmq";
import { Redis } from "ioredis";
import { calmMs, type Plan } from "./plan.js";
import { steadyNow } from "./worker/ledger.js";
import type { World } from "./world.js";

/** A job that a producer added. */
export interface Added {
  queue: string;
  job: string;
  /** false: no answer came, so it may be there or not. */
  isCertain: boolean;
  /** When the producer first asked for it, on the steady clock. */
  askedAt: number;
  delayMs: number;
  /** How often it may fail. */
  attempts: number;
  /** It is removed when it completes. */
  isRemoved: boolean;
  /** A parent's children. */
  children: { queue: string; job: string }[];
}

const producers = 4;
const duration = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });

/** Adds jobs of many kinds, until it is ended. */
export function startProducers(world: World, { seed, random }: Plan) {
  const { client, queues, prefix, redis } = world;
  const added: Added[] = [];
  const begunAt = steadyNow();
  let [count, ended] = [0, false];
  const connection = new Redis({ path: redis.socket, maxRetriesPerRequest: null });
  connection.on("error", () => {});
  const flows = new FlowProducer({ connection, prefix });
  flows.on("error", () => {});

  /** Most are short. Some last longer than a lease, also in the calm. */
  const drawMs = () => (random() < 0.04 ? 3500 : random() < 0.1 ? 800 : 5 + Math.floor(random() * 100));

  function draw() {
    const [kind, fails] = [random(), random()];
    const delayMs = kind < 0.15 ? Math.floor(random() * 2000) : 0;
    const isRemoved = random() < 0.1;
    const attempts = fails < 0.5 ? 3 : 1;
    return {
      delayMs,
      attempts,
      isRemoved,
      options: {
        ...(delayMs > 0 ? { delay: duration(delayMs) } : {}),
        ...(kind > 0.8 ? { priority: 1 + Math.floor(random() * 5) } : {}),
        ...(kind > 0.7 && kind < 0.8 ? { lifo: true } : {}),
        attempts,
        ...(fails < 0.2 ? { backoff: { type: "BACKOFF_TYPE_EXPONENTIAL", delay: duration(100), jitter: 0.5 } } : {}),
        ...(isRemoved ? { keepOnComplete: { count: 0 } } : {}),
      },
    };
  }

  async function add(): Promise<void> {
    const { options, ...drawn } = draw();
    const queue = queues[Math.floor(random() * queues.length)] as string;
    const id = `s${seed}-${++count}`;
    const dataJson = JSON.stringify({ ms: drawMs() });
    const entry: Added = { queue, job: id, isCertain: false, askedAt: steadyNow(), ...drawn, children: [] };
    added.push(entry);
    const request = { queue, job: { name: "n", dataJson, options: { ...options, id } } };
    do {
      entry.isCertain = await client.queue("AddJob", request, { deadlineMs: 3000 }).then(
        () => true,
        () => false,
      );
      if (!entry.isCertain) await sleep(50);
      // A job that is gone when it is done would be added again.
    } while (!entry.isCertain && !entry.isRemoved);
  }

  /** A parent with children, which go on to be done also if one of them fails. BullMQ adds it, as Posta adds none. */
  async function addFlow(): Promise<void> {
    const [queue, other] = queues as [string, string];
    const id = `s${seed}-f${++count}`;
    const children = Array.from({ length: 3 }, (_, n) => ({ queue: other, job: `${id}-${n}` }));
    const entry: Added = {
      queue,
      job: id,
      isCertain: false,
      askedAt: steadyNow(),
      delayMs: 0,
      attempts: 3,
      isRemoved: false,
      children,
    };
    const parts = children.map((child) => ({ ...entry, ...child, attempts: 2, children: [] }));
    added.push(entry, ...parts);
    await flows.add({
      name: "parent",
      queueName: queue,
      data: { ms: 10 },
      opts: { jobId: id, attempts: 3 },
      children: children.map((child) => ({
        name: "child",
        queueName: other,
        data: { ms: drawMs() },
        opts: { jobId: child.job, attempts: 2, ignoreDependencyOnFailure: true },
      })),
    });
    for (const one of [entry, ...parts]) one.isCertain = true;
  }

  async function run(): Promise<void> {
    while (!ended) {
      await add();
      await sleep(20 + random() * 120);
    }
  }

  async function runFlows(): Promise<void> {
    while (!ended && steadyNow() - begunAt < calmMs) {
      await addFlow();
      await sleep(300);
    }
  }
  const running = [...Array.from({ length: producers }, run), runFlows()];

  return {
    added,
    async end(): Promise<void> {
      ended = true;
      await Promise.all(running);
      await flows.close().catch(() => {});
      connection.disconnect();
    },
  };
}
