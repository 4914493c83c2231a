/**
 * Generates unary gRPC load in a process of its own, as light as Node allows: HTTP/2 streams with requests that were
 * encoded once. A call counts only if its trailers say grpc-status 0.
 *
 * Reads one JSON plan from standard input, writes one JSON report to standard output.
 */
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

/** What to send. Exactly one of concurrency (closed loop) and ratePerSecond (open loop) is set. */
export interface UnaryPlan {
  port: number;
  path: string;
  /** The requests' messages, base64; they are sent in turn. */
  messages: string[];
  connections: number;
  concurrency?: number;
  ratePerSecond?: number;
  warmupMs: number;
  durationMs: number;
}

export interface UnaryReport {
  perSecond: number;
  /** Of all calls, failed ones included; from when a call was due in an open loop, from when it was sent in a closed one. */
  p50Ms: number;
  p99Ms: number;
  failures: number;
}

const plan = JSON.parse(await text(process.stdin)) as UnaryPlan;
const frames = plan.messages.map(toFrame);
const headers = {
  ":method": "POST",
  ":path": plan.path,
  "content-type": "application/grpc+proto",
  te: "trailers",
  "grpc-timeout": "10S",
};

// One after the other: at once, most of them could fall to the server that is quicker to take them.
const sessions: ClientHttp2Session[] = [];
while (sessions.length < plan.connections) sessions.push(await open());
const measuredFrom = performance.now() + plan.warmupMs;
const until = measuredFrom + plan.durationMs;
const latencies: number[] = [];
let failures = 0;
let next = 0;

function toFrame(text: string): Buffer {
  const message = Buffer.from(text, "base64");
  const frame = Buffer.concat([Buffer.alloc(5), message]);
  frame.writeUInt32BE(message.length, 1);
  return frame;
}

async function open(): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${plan.port}`);
  await once(session, "connect");
  // Answered: a server has it, and the next connection is the other's.
  await new Promise<void>((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
  return session;
}

function call(due: number, done: () => void): void {
  const stream = (sessions[next % sessions.length] as ClientHttp2Session).request(headers);
  const frame = frames[next % frames.length];
  next += 1;
  let status: unknown;
  stream.on("response", (answer) => {
    status ??= answer["grpc-status"];
  });
  stream.on("trailers", (trailers) => {
    status = trailers["grpc-status"];
  });
  stream.on("error", () => {});
  stream.on("close", () => {
    if (due >= measuredFrom && due < until) {
      latencies.push(performance.now() - due);
      if (status !== "0") failures += 1;
    }
    done();
  });
  stream.resume();
  stream.end(frame);
}

function closedLoop(concurrency: number): Promise<unknown> {
  const caller = () =>
    new Promise<void>((resolve) => {
      const again = () => (performance.now() < until ? call(performance.now(), again) : resolve());
      again();
    });
  return Promise.all(Array.from({ length: concurrency }, caller));
}

/** A call is due by the clock, whatever became of those before it: what waits behind a slow one is measured too. */
async function openLoop(rate: number): Promise<void> {
  const begun = performance.now();
  const open = new Set<Promise<void>>();
  for (let sent = 0; ; ) {
    const now = performance.now();
    while (begun + (sent * 1000) / rate <= now) {
      const due = begun + (sent * 1000) / rate;
      if (due >= until) {
        await Promise.all(open);
        return;
      }
      const answered = new Promise<void>((resolve) => call(due, resolve));
      open.add(answered);
      void answered.then(() => open.delete(answered));
      sent += 1;
    }
    // Not a loop without a pause: that would keep a core from the servers, and be measured as theirs.
    await sleep(1);
  }
}

if (plan.concurrency) await closedLoop(plan.concurrency);
else await openLoop(plan.ratePerSecond as number);
for (const session of sessions) session.close();

latencies.sort((a, b) => a - b);
const percentile = (share: number) =>
  latencies[Math.min(latencies.length - 1, Math.ceil(latencies.length * share) - 1)];
const report: UnaryReport = {
  perSecond: (latencies.length * 1000) / plan.durationMs,
  p50Ms: percentile(0.5) as number,
  p99Ms: percentile(0.99) as number,
  failures,
};
console.log(JSON.stringify(report));
