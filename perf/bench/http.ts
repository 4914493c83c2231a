/**
 * `make bench-http`: what the HTTP gateway costs, as ratios to the same calls over gRPC. Rounds are interleaved, figures are
 * medians; each load is in a process of its own. The last line is one JSON object.
 */
import { runAutocannon } from "../autocannon/autocannon.js";
import { measure } from "../judge/measure.js";
import { describeRound, formatRate, formatResult, formatTable, Rounds } from "./figures.js";
import { readPlan } from "./plan.js";
import { takePorts } from "./ports.js";
import { servers, startPosta } from "./processes.js";
import { runUnary } from "./unary.js";

const { rounds, durationMs } = readPlan();
const seconds = durationMs / 1000;
const port = await takePorts(3);
const concurrency = 64;
const queueService = "posta.queue.v1.QueueService";
const requests = {
  AddJob: { queue: "bench", job: { name: "bench", dataJson: '{"to":"34600123456","template":"hello"}' } },
  GetQueue: { queue: "bench" },
};
let failures = 0;

async function overGrpc(method: keyof typeof requests): Promise<number> {
  const load = { concurrency, warmupMs: 1000, durationMs };
  const report = await runUnary(port, queueService, method, requests[method], load);
  failures += report.failures;
  return report.perSecond;
}

async function overHttp(base: string, path: string, body?: object): Promise<number> {
  const calls = await runAutocannon({
    url: base + path,
    method: body ? "POST" : "GET",
    bodies: body ? [JSON.stringify(body)] : [],
    connections: concurrency,
    seconds: seconds + 1,
  });
  const { perSecond, failed } = measure(calls, { concurrency, seconds, warmupSeconds: 1 });
  failures += failed;
  return perSecond;
}

const http = `http://127.0.0.1:${port + 2}`;
const measures: Record<string, () => Promise<number>> = {
  "AddJob, gRPC": () => overGrpc("AddJob"),
  "AddJob, HTTP": () => overHttp(http, `/${queueService}/AddJob`, requests.AddJob),
  "GetQueue, gRPC": () => overGrpc("GetQueue"),
  "GetQueue, HTTP": () => overHttp(http, `/${queueService}/GetQueue`, requests.GetQueue),
  "readyz, HTTP": () => overHttp(http, "/readyz"),
};

const figures = new Rounds();
const posta = await startPosta(port, [], { POSTA_LOG_LEVEL: "error" });
try {
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, run] of Object.entries(measures)) {
      const perSecond = await run();
      figures.add(name, perSecond);
      console.log(describeRound(round, rounds, name, perSecond));
    }
  }
} finally {
  await posta.stop();
}

const table = figures.medians().map(([name, perSecond]) => [name, formatRate(perSecond)]);
console.log(
  `\nMedians of ${rounds} rounds, ${servers} servers, ${concurrency} callers:\n\n${formatTable(["what", "a second"], table)}`,
);
if (failures > 0) {
  console.error(`\n${failures} calls failed: these figures are not to be used`);
  process.exitCode = 1;
}
const result = {
  http_add_over_grpc: figures.ratio("AddJob, HTTP", "AddJob, gRPC"),
  http_get_queue_over_grpc: figures.ratio("GetQueue, HTTP", "GetQueue, gRPC"),
  readyz_over_http_add: figures.ratio("readyz, HTTP", "AddJob, HTTP"),
};
console.log(`\n${formatResult(result)}`);
