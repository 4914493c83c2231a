import { once } from "node:events";
import { inject } from "vitest";
import { type Handler, type Worker, type WorkerOptions, worker } from "../../../clients/typescript/src/index.js";
import { posta, redis, releases } from "../../queue/work/work-setup.js";
import { startServer } from "../../support/posta.js";
import { startProxy } from "./tcp-proxy.js";

export interface Data {
  n: number;
}

/** A worker of the library, with the lines of its log. Stopped after the test. */
export function start(queue: string, handler: Handler<Data, unknown>, options: WorkerOptions = {}) {
  const lines: string[] = [];
  const started: Worker<Data> = worker<Data>(queue, handler, {
    address: `127.0.0.1:${posta.port}`,
    stopMs: 0,
    stopOnSignals: false,
    reconnect: { minMs: 20, maxMs: 200 },
    log: (line) => lines.push(line),
    ...options,
  });
  releases.push(() => started.stop());
  return Object.assign(started, { lines });
}

/** A worker behind a network that can break. */
export async function startBehindProxy(
  queue: string,
  handler: Handler<Data, unknown>,
  { port = posta.port, ...options }: WorkerOptions & { port?: number } = {},
) {
  const proxy = await startProxy(port);
  releases.push(() => proxy.close());
  const started = start(queue, handler, { address: proxy.address, ...options });
  await once(started, "connected");
  return { proxy, worker: started };
}

/** Another server of the same queues. */
export async function startAnother(env: Record<string, string> = {}) {
  const server = await startServer(inject("redisUrl"), { POSTA_QUEUE_PREFIX: posta.prefix, ...env });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= server.stop();
    return stopped;
  };
  releases.push(stop);
  await server.serving;
  return { ...server, stop };
}

/** Something that a test waits for, and a handler brings about; or the other way round. */
export function signal<Value = void>() {
  let resolve: (value: Value) => void = () => {};
  const came = new Promise<Value>((done) => {
    resolve = done;
  });
  return { came, come: resolve };
}

/** A job as GetJob shows it, with a short state. */
export async function jobOf(queue: string, jobId: string | undefined) {
  const { job } = await posta.client.queue("GetJob", { queue, jobId });
  return { ...job, state: job.state.replace("JOB_STATE_", "") };
}

/** Lets a lease be somebody else's now. */
export async function takeLease(queue: string, jobId: string | undefined): Promise<void> {
  await redis.set(`${posta.prefix}:${queue}:${jobId}:lock`, "another's");
}
