/**
 * Generates StreamAddJobs load with grpc-js, in a process of its own. Reads a JSON plan from standard input, writes a
 * JSON report to standard output. A job counts only if its acknowledgement says ADDED.
 */
import { text } from "node:stream/consumers";
import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { loadMethod } from "./contract.js";

export interface StreamPlan {
  port: number;
  streams: number;
  jobsPerMessage: number;
  /** How many messages of a stream may be unacknowledged. */
  window: number;
  warmupMs: number;
  durationMs: number;
}

export interface StreamReport {
  jobsPerSecond: number;
  failures: number;
}

interface Ack {
  results: { outcome: string }[];
}

const plan = JSON.parse(await text(process.stdin)) as StreamPlan;
const method = loadMethod("posta.queue.v1.QueueService", "StreamAddJobs");
const measuredFrom = performance.now() + plan.warmupMs;
const until = measuredFrom + plan.durationMs;
const jobs = Array.from({ length: plan.jobsPerMessage }, () => ({
  name: "bench",
  dataJson: '{"to":"34600123456","template":"hello"}',
}));
let added = 0;
let failures = 0;

/** A connection of its own: a subchannel pool of its own makes one. */
async function open(): Promise<Client> {
  const client = new Client(`127.0.0.1:${plan.port}`, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + 10_000, (error) => (error ? reject(error) : resolve()));
  });
  return client;
}

function run(client: Client, index: number): Promise<void> {
  const stream: ClientDuplexStream<object, { acks: Ack[] }> = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
  );
  let sequence = 0;
  let open = 0;
  const send = () => {
    while (open < plan.window && performance.now() < until) {
      open += 1;
      sequence += 1;
      stream.write({ sequence, queue: `bench-stream-${index % 2}`, jobs });
    }
    if (open === 0) stream.end();
  };
  return new Promise((resolve, reject) => {
    stream.on("data", ({ acks }) => {
      const now = performance.now();
      open -= acks.length;
      if (now >= measuredFrom && now < until) acks.forEach(count);
      send();
    });
    stream.on("error", reject);
    stream.on("end", () => {
      client.close();
      resolve();
    });
    send();
  });
}

function count({ results }: Ack): void {
  for (const { outcome } of results) {
    if (outcome === "OUTCOME_ADDED") added += 1;
    else failures += 1;
  }
}

// One after the other, so that they spread over the servers.
const clients: Client[] = [];
while (clients.length < plan.streams) clients.push(await open());
await Promise.all(clients.map(run));
const report: StreamReport = { jobsPerSecond: (added * 1000) / plan.durationMs, failures };
console.log(JSON.stringify(report));
