/**
 * `make bench-cost`: what one call costs in CPU, and what a cluster costs that does nothing. The generator is h2load, which
 * takes little. Prints a table of single calls at 200/s, at 2000/s and without a pause, then one JSON line.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { type Counts, countBetween } from "../watch/counts.js";
import { type Role, readUsage, type Usage } from "../watch/processes.js";
import { untilHealthy } from "../watch/target.js";
import { drainOverAccept } from "./durable-drain.js";
import { emptyRedis } from "./empty-redis.js";
import { formatResult, formatTable, median } from "./figures.js";
import { grpcRequest, type H2Load, type H2Report, runH2load } from "./h2load.js";
import { readPlan } from "./plan.js";
import { takePorts } from "./ports.js";
import { startPosta } from "./processes.js";

const { rounds, durationMs } = readPlan({ rounds: 3, seconds: 4 });
/** Without a warm-up of its own: h2load does not count those calls, and the processes work for them, too. */
const length = { seconds: durationMs / 1000, warmupSeconds: 0 };
const queueService = "posta.queue.v1.QueueService";
const dataJson = '{"to":"34600123456","template":"hello","locale":"es","at":"2026-01-01T00:00:00Z","attempt":1}';

/** Who works for a call, and who is there at all. */
const [callRoles, allRoles] = [
  ["server", "redis"],
  ["primary", "server", "delivery", "redis", "postgres"],
] as const satisfies Role[][];

const port = await takePorts(3);
// A load that ends leaves calls behind; that these are cancelled need not be said.
const posta = await startPosta(port, [], { POSTA_LOG_LEVEL: "error" });
const redis = new Redis({ path: posta.socket });

/** 64 callers: eight on each of eight connections. A connection of HTTP/1.1 carries one. */
const grpc = { connections: 8, streams: 8 };
const http = { connections: 64, streams: 1, isHttp1: true };
const added = { name: "bench", dataJson };
const loads: Record<string, Omit<H2Load, "length">> = {
  AddJob: { ...grpcRequest(port, queueService, "AddJob", { queue: "bench", job: added }), ...grpc },
  GetJob: { ...grpcRequest(port, queueService, "GetJob", { queue: "bench-read", jobId: "one" }), ...grpc },
  "HTTP AddJob": {
    url: `http://127.0.0.1:${port + 2}/${queueService}/AddJob`,
    body: Buffer.from(JSON.stringify({ queue: "bench", job: added })),
    headers: { "content-type": "application/json" },
    ...http,
  },
};
const paces = { "no pause": undefined, "2000/s": 2000, "200/s": 200 };

/** What one load cost. */
interface Cost {
  counts: Counts;
  calls: number;
  perSecond: number;
  /** Cores that the whole cluster and its stores used. */
  cores: number;
}

const costs = new Map<string, Cost[]>();
const idleCores: number[] = [];
const drains: number[] = [];

/** Looks at the processes before and after. Answers what `work` answered, and what they did meanwhile. */
async function watch<Result>(work: () => Promise<Result>) {
  const [before, begun] = [readUsage(posta.pid), performance.now()];
  const result = await work();
  const [after, took] = [readUsage(posta.pid), (performance.now() - begun) / 1000];
  const coresOf = (all: Usage[]) => countBetween(before, all, allRoles).cpuSeconds / took;
  return { result, counts: countBetween(before, after, callRoles), cores: coresOf(after) };
}

async function measureCost(name: string, rate: number | undefined): Promise<Cost> {
  const load = { ...(loads[name] as H2Load), rate, length };
  const { result, counts, cores } = await watch(() => runH2load(load));
  await requireDone(name, result);
  return { counts, cores, calls: result.answered, perSecond: result.perSecond };
}

/** A gRPC call that fails answers with status 200, too: the jobs tell what was done. */
async function requireDone(name: string, { answered, failures }: H2Report): Promise<void> {
  const done = name === "GetJob" ? answered : await redis.llen("bull:bench:wait");
  if (failures > 0 || answered === 0 || done < answered)
    throw new Error(`${name}: ${failures} calls failed, ${answered} were answered, ${done} jobs are there`);
  await redis.del("bull:bench:wait");
}

/** The job that GetJob reads. */
async function seed(): Promise<void> {
  const job = { ...added, options: { id: "one" } };
  const request = grpcRequest(port, queueService, "AddJob", { queue: "bench-read", job });
  await runH2load({ ...request, connections: 1, streams: 1, length: { requests: 1 } });
  if (!(await redis.exists("bull:bench-read:one"))) throw new Error("the job to read was not added");
}

/** A process that is new compiles while it works. */
async function warmUp(): Promise<void> {
  await seed();
  for (const load of Object.values(loads)) await runH2load({ ...load, length });
  await emptyRedis(redis);
}

async function runRound(label: string): Promise<void> {
  await seed();
  for (const [pace, rate] of Object.entries(paces)) {
    for (const name of Object.keys(loads)) {
      const cost = await measureCost(name, rate);
      const key = `${name}, ${pace}`;
      costs.set(key, [...(costs.get(key) ?? []), cost]);
      console.log(`${label}  ${key.padEnd(22)} ${perCall(cost, ({ cpuSeconds }) => cpuSeconds * 1e6).toFixed(0)} us`);
    }
  }
  await emptyRedis(redis);
  idleCores.push((await watch(() => sleep(2 * durationMs))).cores);
  // Not emptied after it: the drain would take what it has just moved for lost.
  drains.push(await drainOverAccept(port, redis));
  console.log(`${label}  idle ${idleCores.at(-1)?.toFixed(3)} cores; drain over accept ${drains.at(-1)?.toFixed(2)}`);
}

function perCall({ counts, calls }: Cost, pick: (counts: Counts) => number): number {
  return pick(counts) / calls;
}

function medianOf(name: string, pick: (cost: Cost) => number): number {
  return median((costs.get(name) as Cost[]).map(pick));
}

const cpuUs = (cost: Cost) => perCall(cost, ({ cpuSeconds }) => cpuSeconds * 1e6);

function toRow(name: string): string[] {
  const each = (pick: (counts: Counts) => number, digits = 0) =>
    medianOf(name, (cost) => perCall(cost, pick)).toFixed(digits);
  return [
    name,
    medianOf(name, ({ perSecond }) => perSecond).toFixed(0),
    each(({ cpuSeconds, systemSeconds }) => (cpuSeconds - systemSeconds) * 1e6),
    each(({ systemSeconds }) => systemSeconds * 1e6),
    each(({ wakeUps }) => wakeUps, 1),
    each(({ readsAndWrites }) => readsAndWrites, 1),
    each(({ bytesCopied }) => bytesCopied),
    medianOf(name, ({ cores }) => cores).toFixed(2),
  ];
}

try {
  await untilHealthy(`http://127.0.0.1:${port + 1}`);
  await warmUp();
  for (let round = 1; round <= rounds; round += 1) await runRound(`round ${round}/${rounds}`);
} finally {
  redis.disconnect();
  await posta.stop();
}
const head = [
  "servers and Redis, a call",
  "calls/s",
  "user us",
  "kernel us",
  "wake-ups",
  "reads, writes",
  "bytes copied",
];
console.log(`\nMedians of ${rounds} rounds:\n`);
console.log(formatTable([...head, "cores of all"], [...costs.keys()].map(toRow)));
const result = {
  add_job_us: medianOf("AddJob, no pause", cpuUs),
  http_add_job_us: medianOf("HTTP AddJob, no pause", cpuUs),
  cores_at_200: medianOf("AddJob, 200/s", ({ cores }) => cores),
  cores_idle: median(idleCores),
  durable_drain_over_accept: median(drains),
};
const wanted: Record<keyof typeof result, string> = {
  add_job_us: "< 130",
  http_add_job_us: "< 130",
  cores_at_200: "< 0.30",
  cores_idle: "< 0.03",
  durable_drain_over_accept: "<= 1.3",
};
const rows = Object.entries(result).map(([key, value]) => [key, value.toFixed(3), wanted[key as keyof typeof result]]);
console.log(`\n${formatTable(["figure", "measured", "wanted"], rows)}\n\n${formatResult(result)}`);
