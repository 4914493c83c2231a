import { deliver, rateOf } from "../bench/delivery-run.js";
import { measureBuckets, readBuckets } from "../judge/buckets.js";
import type { Measured, Plan } from "../judge/measure.js";

/** What the stand-in for the Cloud API takes for each answer: some of the 100 ms that the guide's P50 gives it. */
const latencyMs = 50;
/** Without a limit: messages for each second, as many as it should be able to send in it at least. */
const perSecondAtLeast = 500;

export const deliveryCall = `requests to a stand-in for the Cloud API that takes ${latencyMs} ms`;

/**
 * Messages that a Posta of its own sends to a stand-in: at the plan's rate, to which Posta's own limit holds it, or as fast as it
 * can. What a request took is what Posta's own metric says.
 */
export async function runDelivery(plan: Plan & { connections: number }): Promise<Measured> {
  const { rate, seconds, warmupSeconds, connections } = plan;
  const perSecond = rate ?? perSecondAtLeast;
  const [messages, warmup] = [perSecond * (seconds + warmupSeconds), perSecond * warmupSeconds].map(Math.round) as [
    number,
    number,
  ];
  const { times, metrics } = await deliver({ messages, rate: rate ?? 0, concurrency: connections, latencyMs });
  const byEnd = readBuckets(metrics, "posta_whatsapp_request_seconds", "kind");
  const measured = measureBuckets(byEnd, "accepted", rateOf(times.slice(warmup)));
  const isWhole = measured.calls >= messages;
  return { ...measured, broken: isWhole ? [] : [`only ${measured.calls} of ${messages} requests were counted`] };
}
