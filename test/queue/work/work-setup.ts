import { Redis } from "ioredis";
import { afterAll, beforeAll, inject } from "vitest";
import { Keys } from "../../../src/queue/job/keys.js";
import { LostLeases } from "../../../src/queue/work/leases/lost-leases.js";
import { CancelGraces } from "../../../src/queue/work/orders/cancel-graces.js";
import type { Change } from "../../../src/queue/work/work.js";
import { WorkBatcher } from "../../../src/queue/work/work-batcher.js";
import { WorkScript } from "../../../src/queue/work/work-script.js";
import { RedisStore } from "../../../src/store/redis/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { gaugeOf, startServer } from "../../support/posta.js";
import { useReleases } from "../../support/releases.js";

/** A server for the tests of one file, and a worker's words to it. */

const socket = inject("redisUrl").replace("unix://", "");
export const connection = { path: socket, maxRetriesPerRequest: null };
export const releases = useReleases();

export let posta: Awaited<ReturnType<typeof startServer>>;
export let redis: Redis;
let queues = 0;
beforeAll(async () => {
  redis = new Redis({ path: socket });
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(async () => {
  await posta?.stop();
  redis?.disconnect();
});

export const freshQueue = () => `leased-${++queues}`;
export const seconds = (count: number) => ({ seconds: count, nanos: 0 });

export interface Held {
  jobId: string;
  leaseToken: string;
  attempt: number;
  dataJson: string;
  lease: { seconds: number; nanos: number };
}

export async function add(queue: string, count = 1, options: object = {}): Promise<string[]> {
  const jobs = Array.from({ length: count }, (_, n) => ({ name: "n", dataJson: JSON.stringify({ n }), options }));
  const { results } = await posta.client.queue("AddJobs", { queue, jobs });
  return results.map(({ jobId }: { jobId: string }) => jobId);
}

export async function lease(queue: string, request: object = {}): Promise<Held[]> {
  return (await posta.client.worker("LeaseJobs", { queue, worker: "w", ...request })).jobs;
}

export async function report(queue: string, held: Held | undefined, outcome: object): Promise<string> {
  const { jobId, leaseToken } = held as Held;
  const { results } = await posta.client.worker("ReportOutcomes", {
    queue,
    reports: [{ jobId, leaseToken, ...outcome }],
  });
  const [{ verdict, error }] = results;
  return error ? `${error.code}: ${error.message}` : verdict.replace("REPORT_VERDICT_", "");
}

export const stateOf = async (queue: string, jobId: string) =>
  (await posta.client.queue("GetJob", { queue, jobId })).job.state.replace("JOB_STATE_", "");

/** Lets a lease end now, as if its time had passed. */
export const endLease = (queue: string, { jobId }: Pick<Held, "jobId">) =>
  redis.del(`${posta.prefix}:${queue}:${jobId}:lock`);

/** The delivery process's check. A queue is checked at most once in 0.9 s. */
export const findLost = () => withWork(({ lost }) => lost.putBack());

/** Like {@link findLost}, as if the last check were long ago. */
export async function checkLeases(): Promise<void> {
  await findLost();
  for (const key of await redis.keys(`${posta.prefix}:*:posta-lease-check`)) await redis.del(key);
}

/** What a server does with a job whose caller has gone away: its verdict. */
export const putBack = async (queue: string, { jobId, leaseToken: token }: Held) =>
  (await change(queue, [{ jobId, token, outcome: { kind: "unseen" } }]))[0];

/** Changes jobs in one run of the script. Resolves to the verdicts. */
export const change = (queue: string, changes: Change[]) => withWork(({ batcher }) => batcher.change(queue, changes));

interface Parts {
  lost: LostLeases;
  script: WorkScript;
  batcher: WorkBatcher;
}

/** Lets `use` work on the queues, as a process of Posta does. */
export async function withWork<Result>(use: (parts: Parts) => Promise<Result>) {
  const log = createLog("test", "silent");
  const url = inject("redisUrl");
  const options = {
    url,
    variable: "v",
    name: "the queue's store",
    prefix: posta.prefix,
    timeoutMs: 5000,
    durable: false,
  } as const;
  const store = new RedisStore(options, log);
  store.open();
  await new Promise<void>((resolve) => store.on("usable", () => resolve()));
  const keys = new Keys(posta.prefix);
  const script = new WorkScript(store, keys, 4 << 20);
  const batcher = new WorkBatcher(script);
  const graces = new CancelGraces(store, keys, batcher, log);
  try {
    return await use({ lost: new LostLeases(store, keys, graces, log), script, batcher });
  } finally {
    await store.close();
  }
}

export const countsOf = async (queue: string) => (await posta.client.queue("GetQueue", { queue })).queue.counts;

export const openSessions = () => gaugeOf(posta, "posta_work_sessions");
export const waitingCalls = () => gaugeOf(posta, "posta_work_waiting_calls");
