/**
 * `make bench-message`: what taking, delivering and listing messages costs. Rounds are medians, loads are in processes of
 * their own, and the Cloud API is the stand-in. The last line is one JSON object.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ServiceClient } from "../watch/service-client.js";
import { describeRound, formatResult, formatTable, median } from "./figures.js";
import { measureDelivery } from "./message-delivery.js";
import { measureLists } from "./message-lists.js";
import { readPlan } from "./plan.js";
import { takePorts } from "./ports.js";
import { servers, startPosta } from "./processes.js";
import { runUnary } from "./unary.js";
import type { UnaryPlan, UnaryReport } from "./unary-load.js";

const { rounds, durationMs } = readPlan();
const timing = { warmupMs: 1500, durationMs };
const port = await takePorts(3);
const steadyRate = 800;
const service = "posta.message.v1.MessageService";

const requests = Array.from({ length: 1000 }, (_, index) => ({
  message: {
    to: `346${String(index).padStart(8, "0")}`,
    template: {
      name: "order_shipped",
      language: "en",
      components: [
        { type: "TEMPLATE_COMPONENT_TYPE_BODY", parameters: [{ text: `customer ${index}` }, { text: "tomorrow" }] },
      ],
    },
  },
}));

function send(load: Partial<UnaryPlan>): Promise<UnaryReport> {
  return runUnary(port, service, "SendMessage", requests, { ...timing, ...load });
}

/** The tables are made by the delivery process, after the servers are there. */
async function untilReady(): Promise<void> {
  const client = new ServiceClient(`127.0.0.1:${port}`, service);
  while (
    !(await client.call("ListMessages", { to: "34600000000" }).then(
      () => true,
      () => false,
    ))
  )
    await sleep(100);
  client.close();
}

const saturated: UnaryReport[] = [];
const steady: UnaryReport[] = [];
// Without a token nothing is sent: what is measured is that a message is committed.
const posta = await startPosta(port, [], { POSTA_WHATSAPP_SENDERS: "100000000000001", POSTA_LOG_LEVEL: "error" });
let lists: { p99Ms: number; failures: number };
try {
  await untilReady();
  for (let round = 1; round <= rounds; round += 1) {
    const full = await send({ concurrency: 128 });
    saturated.push(full);
    console.log(describeRound(round, rounds, "SendMessage", full.perSecond));
    const slow = await send({ ratePerSecond: steadyRate });
    steady.push(slow);
    const [p50, p99] = [slow.p50Ms.toFixed(2), slow.p99Ms.toFixed(2)];
    console.log(`round ${round}/${rounds}  SendMessage at ${steadyRate}/s: P50 ${p50} ms, P99 ${p99} ms`);
  }
  lists = await measureLists(port, posta.postgresDir, timing.durationMs * 2);
} finally {
  await posta.stop();
}
const delivery = await measureDelivery();

const result = {
  send_message_per_s: median(saturated.map(({ perSecond }) => perSecond)),
  send_message_p50_ms: median(steady.map(({ p50Ms }) => p50Ms)),
  send_message_p99_ms: median(steady.map(({ p99Ms }) => p99Ms)),
  deliver_per_s: delivery.perSecond,
  deliver_limit_error_pct: delivery.limitErrorPct,
  list_messages_p99_ms: lists.p99Ms,
};
const wanted: Record<keyof typeof result, string> = {
  send_message_per_s: ">= 2,000",
  send_message_p50_ms: "< 5",
  send_message_p99_ms: "< 30",
  deliver_per_s: ">= 500",
  deliver_limit_error_pct: "<= 2",
  list_messages_p99_ms: "< 10",
};
console.log(`\nMedians of ${rounds} rounds, ${servers} servers:\n`);
const table = Object.entries(result).map(([key, value]) => [key, value.toFixed(2), wanted[key as keyof typeof result]]);
console.log(formatTable(["figure", "measured", "wanted"], table));
const failures = [...saturated, ...steady, lists].reduce((sum, report) => sum + report.failures, 0);
if (failures > 0) {
  console.error(`\n${failures} calls failed: these figures are not to be used`);
  process.exitCode = 1;
}
console.log(`\n${formatResult(result)}`);
