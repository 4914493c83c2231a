import { join } from "node:path";
import { runLoad } from "../bench/processes.js";
import type { StreamReport } from "../bench/stream-load.js";
import { runGhz } from "../ghz/ghz.js";
import { measure } from "../judge/measure.js";
import { countBetween } from "../watch/counts.js";
import { type Role, readUsage } from "../watch/processes.js";

/** One of two builds that are compared. */
export interface Side {
  name: "base" | "current";
  /** Of gRPC. */
  port: number;
  /** Process id of the primary. */
  pid: number;
}

/** A load that both builds get. */
export interface Measure {
  name: string;
  /** Calls of ghz, or a stream of jobs by the bench's own generator. */
  call?: string;
  payloads?: string;
  /** Callers without a pause, or calls a second. */
  concurrency?: number;
  rate?: number;
}

/** What a load showed on one side. */
export interface Figures {
  /** Calls (of a stream: jobs) a second, without a pause: more is better. */
  perSecond?: number;
  /** In milliseconds, at a fixed rate: less is better. */
  p50Ms?: number;
  p99Ms?: number;
  /** CPU of servers and stores, in microseconds for each call: less is better. It hardly depends on who else is busy. */
  cpuUs: number;
  /** The servers' part of it. A store works less for each call when calls wait for each other, which hides a slower server. */
  serverUs: number;
}

const queue = "posta.queue.v1.QueueService";
const analytics = "posta.analytics.v1.AnalyticsService";
const saturated = { concurrency: 64 };

export const measures: Measure[] = [
  { name: "AddJob", call: `${queue}/AddJob`, payloads: "add-job.json", ...saturated },
  { name: "AddJob at 1000/s", call: `${queue}/AddJob`, payloads: "add-job.json", rate: 1000 },
  { name: "AddJobs of 100", call: `${queue}/AddJobs`, payloads: "add-jobs.json", concurrency: 4 },
  { name: "StreamAddJobs of 50, jobs" },
  { name: "GetJob", call: `${queue}/GetJob`, payloads: "get-job.json", ...saturated },
  { name: "GetQueue", call: `${queue}/GetQueue`, payloads: "get-queue.json", ...saturated },
  { name: "TrackEvent", call: `${analytics}/TrackEvent`, payloads: "track-event.json", ...saturated },
  { name: "TrackEvents of 100", call: `${analytics}/TrackEvents`, payloads: "track-events.json", concurrency: 4 },
  {
    name: "SendMessage",
    call: "posta.message.v1.MessageService/SendMessage",
    payloads: "send-message.json",
    ...saturated,
  },
];

/** Seconds of a load that are measured, and seconds before. Many short rounds narrow an interval more than few long ones. */
export const timing = { seconds: 1, warmupSeconds: 0.5 };

/** Makes a load on one side. Throws if calls failed, or the load itself did: there is no figure of a broken run. */
export async function measureSide(side: Side, one: Measure, folder: string): Promise<Figures> {
  const before = readUsage(side.pid);
  const { calls, figures } = await (one.call ? callUnary(side, one, folder) : stream(side));
  const after = readUsage(side.pid);
  const usOf = (...roles: Role[]) => (countBetween(before, after, roles).cpuSeconds * 1e6) / calls;
  // The primary and the delivery process have work of their own, which is not the call's.
  return { ...figures, cpuUs: usOf("server", "redis", "postgres"), serverUs: usOf("server") };
}

async function callUnary(side: Side, { call = "", payloads = "", concurrency, rate }: Measure, folder: string) {
  const plan = { ...timing, concurrency, rate, connections: 8 };
  const calls = await runGhz({
    ...plan,
    call,
    payloads,
    target: `127.0.0.1:${side.port}`,
    output: join(folder, `ghz-${side.name}.json`),
  });
  const { perSecond, latencyMs, failed, broken } = measure(calls, plan);
  // A generator that was starved was so on both sides: the ratio stands.
  const fault = failed > 0 ? `${failed} calls failed` : rate === undefined ? broken[0] : undefined;
  if (fault) throw new Error(`${side.name}, ${call}: ${fault}: no figure of a broken run`);
  const { p50: p50Ms, p99: p99Ms } = latencyMs;
  return { calls: calls.start.length, figures: rate === undefined ? { perSecond } : { p50Ms, p99Ms } };
}

async function stream({ name, port }: Side) {
  const { seconds, warmupSeconds } = timing;
  const times = { warmupMs: warmupSeconds * 1000, durationMs: seconds * 1000 };
  const plan = { port, streams: 2, jobsPerMessage: 50, window: 8, ...times };
  const { jobsPerSecond: perSecond, failures } = await runLoad<StreamReport>("stream-load.ts", plan);
  if (failures > 0) throw new Error(`${name}, StreamAddJobs: ${failures} jobs failed: no figure of a broken run`);
  return { calls: perSecond * (seconds + warmupSeconds), figures: { perSecond } };
}
