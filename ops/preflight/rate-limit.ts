import { type ServiceError, status } from "@grpc/grpc-js";
import { startPosta } from "../../perf/bench/processes.js";
import { runScript } from "../../perf/watch/script.js";
import { queueService, ServiceClient } from "../../perf/watch/service-client.js";
import { type Finding, toFinding } from "./check.js";
import { readRetryDelayMs } from "./error-details.js";
import type { WorkerPlan, WorkerReport } from "./limited-worker.js";
import { port } from "./ports.js";

const queue = "preflight-limited";
/** Jobs a second. */
const limit = 50;
/** Windows of the limit that the worker sees: a part of the last one is left, so that it does not see one more. */
const windows = 4;
const durationMs = (windows - 0.5) * 1000;

/** What the limits did. */
export interface Limits {
  /** Jobs that a worker began in `windows` windows of a second. */
  begun: number;
  /** Jobs that were there for it. */
  offered: number;
  /** Calls that were made when too much was on its way, those refused, and those that say when to come again. */
  calls: number;
  refused: number;
  withDelay: number;
  delayMs: number | undefined;
}

/** A queue's rate limit on an unmodified BullMQ worker, and what a server that has too much on its way answers. */
export async function checkLimits(): Promise<Finding> {
  const posta = await startPosta(port, [], {
    POSTA_SERVERS: "1",
    POSTA_QUEUE_MAX_PENDING: "100",
    POSTA_LOG_LEVEL: "silent",
  });
  const client = new ServiceClient(`127.0.0.1:${port}`, queueService);
  try {
    const worked = await measureWorker(client, posta.socket);
    return judgeLimits({ ...worked, ...(await overload(client)) });
  } finally {
    client.close();
    await posta.stop();
  }
}

export function judgeLimits({ begun, offered, calls, refused, withDelay, delayMs }: Limits): Finding {
  const perSecond = begun / windows;
  const obeyed = begun < offered && perSecond <= limit * 1.05 && perSecond >= limit * 0.8;
  const sound = obeyed && refused > 0 && refused < calls && withDelay === refused;
  const evidence = [
    `limit ${limit}/s: an unmodified BullMQ worker began ${perSecond}/s over ${windows} s (${offered} jobs offered)`,
    `too many jobs in flight: ${refused} of ${calls} calls RESOURCE_EXHAUSTED, ${withDelay} with RetryInfo${
      delayMs === undefined ? "" : ` (${delayMs} ms)`
    }`,
  ];
  return toFinding(sound, evidence.join("; "), "run `make test FILE=test/queue`, and read SetQueueLimits in proto/");
}

async function measureWorker(client: ServiceClient, socket: string): Promise<Pick<Limits, "begun" | "offered">> {
  const rate = { max: limit, duration: { seconds: 1 } };
  await client.call("SetQueueLimits", { queue, limits: { rate } });
  const offered = 4 * windows * limit;
  await client.call("AddJobs", { queue, jobs: Array.from({ length: offered }, () => ({ name: "preflight" })) });
  const plan: WorkerPlan = { socket, queue, durationMs };
  const { begun } = await runScript<WorkerReport>(new URL("./limited-worker.ts", import.meta.url), plan);
  return { begun, offered };
}

/** Each call alone is more than may be on its way: those that come while one is written are refused. */
async function overload(client: ServiceClient): Promise<Omit<Limits, "begun" | "offered">> {
  const jobs = Array.from({ length: 5000 }, () => ({ name: "preflight" }));
  const calls = Array.from({ length: 8 }, () => client.call("AddJobs", { queue: "preflight-overload", jobs }));
  const settled = await Promise.allSettled(calls);
  const errors = settled.flatMap((result) => (result.status === "rejected" ? [result.reason as ServiceError] : []));
  const refused = errors.filter(({ code }) => code === status.RESOURCE_EXHAUSTED);
  const delays = refused.map(readRetryDelayMs).filter((delay) => delay !== undefined);
  return { calls: calls.length, refused: refused.length, withDelay: delays.length, delayMs: delays[0] };
}
