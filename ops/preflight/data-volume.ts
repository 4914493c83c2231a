import { median } from "../../perf/bench/figures.js";
import { startPosta } from "../../perf/bench/processes.js";
import { runUnary } from "../../perf/bench/unary.js";
import { queueService, ServiceClient } from "../../perf/watch/service-client.js";
import { readTargets } from "../../slo/targets.js";
import { type Finding, toFinding } from "./check.js";
import { failed, fillQueue, job, queue, waiting } from "./full-queue.js";
import { port } from "./ports.js";

const calls = 100;
const pageSize = 100;
/** A deep page begins behind so many jobs. */
const deep = 20_000;
const rounds = 3;
const load = { connections: 8, ratePerSecond: 500, warmupMs: 500, durationMs: 1500 };

/** Latencies of calls on a queue as large as one in production, P99 in milliseconds. */
export interface Volume {
  addEmpty: number;
  addFull: number;
  getQueue: number;
  firstPage: number;
  deepPage: number;
  failedPage: number;
}

/** The critical P99s, in milliseconds. */
export interface VolumeLimits {
  add: number;
  read: number;
}

/** Fills a queue, and looks whether reads and adds stay within the targets' critical values. */
export async function checkDataVolume(): Promise<Finding> {
  const posta = await startPosta(port, [], { POSTA_LOG_LEVEL: "error" }); // It would tell of each failed job.
  const client = new ServiceClient(`127.0.0.1:${port}`, queueService, 4);
  try {
    await fillQueue(client, posta.socket);
    return judgeVolume({ ...(await measureAdds()), ...(await measureReads(client)) }, readLimits());
  } finally {
    client.close();
    await posta.stop();
  }
}

export function judgeVolume(volume: Volume, limits: VolumeLimits): Finding {
  const { addEmpty, addFull, getQueue, firstPage, deepPage, failedPage } = volume;
  const ms = (value: number) => value.toFixed(1);
  const evidence = [
    `${waiting.toLocaleString("en")} jobs waiting, ${failed.toLocaleString("en")} failed, P99 in ms: AddJob ${ms(addFull)} (empty queue ${ms(addEmpty)}, critical ${limits.add})`,
    `GetQueue ${ms(getQueue)}, ListJobs first page ${ms(firstPage)}, ${deep.toLocaleString("en")} deep ${ms(deepPage)}, failed jobs ${ms(failedPage)} (critical ${limits.read})`,
  ];
  if (addEmpty > limits.add) {
    const todo = "run it again when the machine has less to do: even an empty queue was slow";
    return { verdict: "not measured", evidence: evidence.join("; "), todo };
  }
  const slowest = Math.max(getQueue, firstPage, deepPage, failedPage);
  const sound = addFull <= limits.add && slowest <= limits.read;
  return toFinding(sound, evidence.join("; "), "see which figure grew with the queue, and profile that call");
}

function readLimits(): VolumeLimits {
  const targets = readTargets();
  const criticalOf = (id: string) => {
    const target = targets.find((row) => row.id === id);
    if (!target) throw new Error(`targets.json has no row ${id}`);
    return target.critical;
  };
  return { add: criticalOf("queue-add-p99"), read: criticalOf("read-p99") };
}

/** On an empty queue and the full one in turn: what disturbs the machine disturbs both. */
async function measureAdds(): Promise<Pick<Volume, "addEmpty" | "addFull">> {
  const [empty, full]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    empty.push(await measureAdd("preflight-empty"));
    full.push(await measureAdd(queue));
  }
  return { addEmpty: median(empty), addFull: median(full) };
}

async function measureAdd(name: string): Promise<number> {
  const { p99Ms, failures } = await runUnary(port, queueService, "AddJob", { queue: name, job }, load);
  if (failures > 0) throw new Error(`${failures} of the calls of AddJob failed`);
  return p99Ms;
}

interface Page {
  jobs: unknown[];
  nextPageToken: string;
}

async function measureReads(client: ServiceClient): Promise<Omit<Volume, "addEmpty" | "addFull">> {
  const list = (state: string, pageToken: string, size = pageSize) =>
    client.call<Page>("ListJobs", { queue, state, pageSize: size, pageToken });
  const token = await findToken((pageToken) => list("JOB_STATE_WAITING", pageToken, 1000));
  return {
    getQueue: await measureP99(() => client.call("GetQueue", { queue })),
    firstPage: await measureP99(() => list("JOB_STATE_WAITING", "")),
    deepPage: await measureP99(() => list("JOB_STATE_WAITING", token)),
    failedPage: await measureP99(() => list("JOB_STATE_FAILED", "")),
  };
}

/** The token of the page that begins behind `deep` jobs. */
async function findToken(list: (pageToken: string) => Promise<Page>): Promise<string> {
  let token = "";
  for (let seen = 0; seen < deep; ) {
    const { jobs, nextPageToken } = await list(token);
    if (nextPageToken === "") throw new Error(`ListJobs ends after ${seen + jobs.length} of ${waiting} jobs`);
    seen += jobs.length;
    token = nextPageToken;
  }
  return token;
}

/** Of calls one after the other, in milliseconds; the first few, which warm up, are not counted. */
async function measureP99(call: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let index = -10; index < calls; index += 1) {
    const begun = performance.now();
    await call();
    if (index >= 0) took.push(performance.now() - begun);
  }
  return took.toSorted((a, b) => a - b)[Math.ceil(calls * 0.99) - 1] as number;
}
