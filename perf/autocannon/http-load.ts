/**
 * Makes an HTTP load with autocannon in a process of its own. Reads one JSON plan from standard input, writes the calls
 * as one JSON object to standard output. autocannon corrects only its histogram for calls that were sent late, and has no
 * P95: so every call is reported, and the judge does the sums for all tools alike.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { text } from "node:stream/consumers";
import autocannon from "autocannon";
import { callSeconds } from "../judge/calls.js";

export interface HttpPlan {
  url: string;
  method: "GET" | "POST";
  /** JSON texts that are sent in turn. */
  bodies: string[];
  connections: number;
  /** Requests a second, over all connections; absent: as fast as they are answered. */
  rate?: number | undefined;
  /** How long, in seconds. */
  seconds: number;
}

export interface HttpReport {
  /** [start, latency, error] of each call, in milliseconds; an empty error: it succeeded. */
  calls: [number, number, string][];
  /** The 99th percentile of this process' event-loop delay, in milliseconds. */
  delayP99Ms: number;
}

const plan = JSON.parse(await text(process.stdin)) as HttpPlan;
const calls: HttpReport["calls"] = [];
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();

const headers = { "content-type": "application/json" };
const requests =
  plan.method === "GET"
    ? [{ method: plan.method }]
    : plan.bodies.map((body) => ({ method: plan.method, headers, body }));
const options: autocannon.Options = {
  url: plan.url,
  connections: plan.connections,
  duration: plan.seconds,
  timeout: callSeconds,
  requests,
  ...(plan.rate === undefined ? {} : { overallRate: plan.rate }),
};
await new Promise<void>((resolve, reject) => {
  const run = autocannon(options, (error) => (error ? reject(error) : resolve()));
  run.on("response", (_client, statusCode, _bytes, responseTime) => {
    const error = statusCode === 200 ? "" : `HTTP ${statusCode}`;
    calls.push([performance.now() - responseTime, responseTime, error]);
  });
  run.on("reqError", ({ message }: Error) => {
    // autocannon does not say how long such a call took; of one that it gave up that is known.
    const took = message.includes("timed out") ? callSeconds * 1000 : 0;
    calls.push([performance.now() - took, took, `connection: ${message}`]);
  });
});
const report: HttpReport = { calls, delayP99Ms: delay.percentile(99) / 1e6 - 10 };
await new Promise((resolve) => process.stdout.write(JSON.stringify(report), resolve));
