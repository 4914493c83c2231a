/**
 * `make bench-worker`: what leasing and settling jobs costs, beside BullMQ's own Worker on the same Redis. Prints a table,
 * then one JSON line. The generators are on the same machine.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@grpc/grpc-js";
import { Redis } from "ioredis";
import { countBetween } from "../watch/counts.js";
import { readUsage } from "../watch/processes.js";
import { untilHealthy } from "../watch/target.js";
import { loadMethod } from "./contract.js";
import { emptyRedis } from "./empty-redis.js";
import { describeRound, formatResult, formatTable, Rounds } from "./figures.js";
import { readPlan } from "./plan.js";
import { takePorts } from "./ports.js";
import { runLoad, startPosta } from "./processes.js";
import { connect, type LeasedJob, WorkClient } from "./work-client.js";
import type { WorkPlan, WorkReport } from "./work-load.js";
import { measureRedelivery, measureUnseen } from "./work-recovery.js";
import { measureRoll } from "./work-roll.js";

const { rounds, durationMs } = readPlan({ rounds: 3, seconds: 3 });
const warmupMs = 1000;
/** Jobs that wait before a load, more than any worker does in its time. */
const backlog = 150_000;
const heldJobs = 10_000;
const idleSessions = 10_000;
/** Streams of a connection: below the server's limit. */
const streamsEach = 500;
const queueService = "posta.queue.v1.QueueService";

const port = await takePorts(3);
const posta = await startPosta(port, [], { POSTA_LOG_LEVEL: "error" });
const redis = new Redis({ path: posta.socket });
const client = connect(port);
const figures = new Rounds();

function call<Answer>(method: string, request: object): Promise<Answer> {
  const { path, requestSerialize, responseDeserialize } = loadMethod(queueService, method);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) => {
      if (error) reject(error);
      else resolve(answer as Answer);
    });
  });
}

const job = { name: "bench", dataJson: '{"to":"34600123456","template":"hello"}' };

async function fill(queue: string, count: number): Promise<void> {
  const batch = Array.from({ length: 1000 }, () => job);
  for (let added = 0; added < count; added += 4000)
    await Promise.all([1, 2, 3, 4].map(() => call("AddJobs", { queue, jobs: batch })));
}

async function measureRate(mode: WorkPlan["mode"]): Promise<number> {
  const queue = `bench-${mode}`;
  await fill(queue, backlog);
  const plan: WorkPlan = { port, socket: posta.socket, queue, mode, warmupMs, durationMs };
  const { jobsPerSecond } = await runLoad<WorkReport>("work-load.ts", plan);
  if ((await redis.llen(`bull:${queue}:wait`)) === 0) throw new Error(`${mode}: the jobs ran out; the rate is too low`);
  await emptyRedis(redis);
  return jobsPerSecond;
}

/** From AddJob's answer to the job's arrival at a session, at 1000 adds a second. In milliseconds. */
async function measureDispatch(): Promise<number[]> {
  const [answered, latencies] = [new Map<string, number>(), [] as number[]];
  const arrived = new Map<string, number>();
  const settle = (id: string, from: number | undefined, to: number | undefined) => {
    if (from !== undefined && to !== undefined) latencies.push(Math.max(to - from, 0));
    else if (from !== undefined) answered.set(id, from);
    else if (to !== undefined) arrived.set(id, to);
  };
  const workers = connect(port);
  const session = new WorkClient(workers, "bench-dispatch", 1000, {
    onJobs(jobs) {
      const now = performance.now();
      for (const { jobId } of jobs) settle(jobId, answered.get(jobId), now);
      return jobs;
    },
  });
  const begun = performance.now();
  const adds: Promise<void>[] = [];
  const add = async () => {
    const { jobId } = await call<LeasedJob>("AddJob", { queue: "bench-dispatch", job });
    settle(jobId, performance.now(), arrived.get(jobId));
  };
  for (let sent = 0; performance.now() - begun < durationMs; ) {
    const due = performance.now() - begun;
    for (; sent < due; sent += 1) adds.push(add());
    await sleep(1);
  }
  await Promise.all(adds);
  await sleep(500);
  session.end();
  setTimeout(() => workers.close(), 500);
  if (latencies.length < adds.length) throw new Error(`${adds.length - latencies.length} jobs did not arrive`);
  return latencies.toSorted((a, b) => a - b);
}

const commandsOf = async () => Number(/total_commands_processed:(\d+)/.exec(await redis.info("stats"))?.[1]);

/** Redis' commands a second, of which the cluster's own heartbeats are a part, and the cluster's memory. */
async function watchIdle(): Promise<{ perSecond: number; memoryMib: number }> {
  const [before, begun] = [await commandsOf(), performance.now()];
  await sleep(4 * durationMs);
  const perSecond = ((await commandsOf()) - before) / ((performance.now() - begun) / 1000);
  return { perSecond, memoryMib: posta.memoryMib() };
}

/** What sessions cost that wait for jobs. */
async function measureIdle(): Promise<{ commands: number; kibEach: number }> {
  const alone = await watchIdle();
  const clients = Array.from({ length: idleSessions / streamsEach }, () => connect(port));
  for (const each of clients) {
    openSessions(each, streamsEach);
    await sleep(100);
  }
  await sleep(3000);
  const with_ = await watchIdle();
  for (const each of clients) each.close();
  return {
    commands: (with_.perSecond - alone.perSecond) / 2,
    kibEach: ((with_.memoryMib - alone.memoryMib) * 1024) / idleSessions,
  };
}

function openSessions(each: Client, count: number): void {
  for (let opened = 0; opened < count; opened += 1) {
    const session = new WorkClient(each, "bench-idle", 1, { onJobs: () => [] });
    const beats = setInterval(() => session.heartbeat(), 10_000);
    beats.unref();
  }
}

/** Redis' CPU, in percent of a core, while leases are held; and what finishing a job costs among so many. */
async function measureHeld(count: number): Promise<{ cpuPct: number; finishUs: number }> {
  const queue = `bench-held-${count}`;
  const held: LeasedJob[] = [];
  const clients: Client[] = [];
  const beats: NodeJS.Timeout[] = [];
  await fill(queue, count);
  for (let sessions = 0; sessions < Math.ceil(count / 1000); sessions += 1) {
    const each = connect(port);
    clients.push(each);
    const session = new WorkClient(each, queue, Math.min(count, 1000), {
      onJobs: (jobs) => {
        held.push(...jobs);
        return [];
      },
    });
    beats.push(setInterval(() => session.heartbeat(), 10_000));
  }
  while (held.length < count) await sleep(50);
  const idle = readUsage(posta.pid);
  await sleep(20_000);
  const cpuPct = (countBetween(idle, readUsage(posta.pid), ["redis"]).cpuSeconds / 20) * 100;
  const finishUs = await measureShort(queue);
  for (const beat of beats) clearInterval(beat);
  for (const each of clients) each.close();
  await emptyRedis(redis);
  return { cpuPct, finishUs };
}

/** Redis' CPU for a job that is leased and done at once, in microseconds. */
async function measureShort(queue: string): Promise<number> {
  await fill(queue, 40_000);
  const each = connect(port);
  let done = 0;
  const before = readUsage(posta.pid);
  new WorkClient(each, queue, 100, {
    onJobs: (jobs) => jobs,
    onAcked: (applied) => {
      done += applied;
    },
  });
  while (done < 40_000) await sleep(20);
  const spent = countBetween(before, readUsage(posta.pid), ["redis"]).cpuSeconds;
  each.close();
  return (spent * 1e6) / done;
}

const percentile = (sorted: number[], share: number) => sorted[Math.floor(sorted.length * share)] as number;

async function runRound(round: number): Promise<void> {
  for (const mode of ["worker", "session"] as const) {
    figures.add(mode, await measureRate(mode));
    console.log(
      describeRound(
        round,
        rounds,
        mode === "worker" ? "BullMQ's Worker, jobs" : "Work, jobs",
        figures.of(mode).at(-1) as number,
      ),
    );
  }
  const latencies = await measureDispatch();
  figures.add("p50", percentile(latencies, 0.5));
  figures.add("p99", percentile(latencies, 0.99));
  console.log(
    `round ${round}/${rounds}  dispatch at 1000/s: P50 ${percentile(latencies, 0.5).toFixed(2)} ms, P99 ${percentile(latencies, 0.99).toFixed(2)} ms`,
  );
  await emptyRedis(redis);
}

const result: Record<string, number> = {};
try {
  await untilHealthy(`http://127.0.0.1:${port + 1}`);
  // First: a queue that was worked on is looked at for a while.
  const idle = await measureIdle();
  for (let round = 1; round <= rounds; round += 1) await runRound(round);
  const recovery = { port, redis, addTo: (queue: string) => call("AddJob", { queue, job }) };
  const redelivery = await measureRedelivery(recovery);
  const unseen = await measureUnseen(recovery);
  const roll = await measureRoll({
    port,
    pid: posta.pid,
    add: (queue, id) => call("AddJob", { queue, job: { ...job, options: { id } } }),
  });
  const few = await measureHeld(10);
  const many = await measureHeld(heldJobs);
  const medians = new Map(figures.medians());
  Object.assign(result, {
    work_per_s: medians.get("session"),
    work_over_worker: figures.ratio("session", "worker"),
    dispatch_p50_ms: medians.get("p50"),
    dispatch_p99_ms: medians.get("p99"),
    lease_cpu_pct: many.cpuPct - few.cpuPct,
    short_among_many_over_few: many.finishUs / few.finishUs,
    redelivery_s: redelivery,
    unseen_s: unseen,
    roll_jobs: roll.jobs,
    roll_twice: roll.twice,
    roll_lost: roll.lost,
    roll_p99_ms: percentile(roll.waits, 0.99),
    idle_redis_commands_per_s: idle.commands,
    idle_session_kib: idle.kibEach,
  });
} finally {
  redis.disconnect();
  client.close();
  await posta.stop();
}
const wanted: Record<string, string> = {
  work_per_s: "",
  work_over_worker: ">= 1.5",
  dispatch_p50_ms: "<= 3",
  dispatch_p99_ms: "<= 15",
  lease_cpu_pct: "<= 2",
  short_among_many_over_few: "<= 1.2",
  redelivery_s: "<= 1",
  unseen_s: "<= 1",
  roll_jobs: "",
  roll_twice: "0",
  roll_lost: "0",
  roll_p99_ms: "< 1000",
  idle_redis_commands_per_s: "<= 2",
  idle_session_kib: "< 20",
};
const rows = Object.entries(result).map(([key, value]) => [key, value.toFixed(2), wanted[key] ?? ""]);
console.log(`\n${formatTable(["figure", "measured", "wanted"], rows)}\n\n${formatResult(result)}`);
process.exit();
