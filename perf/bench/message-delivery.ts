import { measureBuckets, readBuckets } from "../judge/buckets.js";
import { type Delivered, deliver, rateOf } from "./delivery-run.js";

const latencyMs = 50;
const concurrency = 100;
const limit = 80;
/** Messages for each measure: some ten seconds' worth without limits, and twenty with them. */
const messages = { unlimited: 10_000, limited: 1600 };
/** The first of them are not in the rates: workers and connections are just coming up. */
const warmup = { unlimited: 500, limited: 160 };

export interface DeliveryFigures {
  perSecond: number;
  /** How far the rate with the limit on is from the limit, or any second was above it, in percent. */
  limitErrorPct: number;
}

/** What reaches the stand-in, which takes 50 ms for each answer, without limits and at the limit of 80 a second. */
export async function measureDelivery(): Promise<DeliveryFigures> {
  const unlimited = await deliver({ messages: messages.unlimited, rate: 0, concurrency, latencyMs });
  const perSecond = rateOf(unlimited.times.slice(warmup.unlimited));
  console.log(`delivery without limits: ${perSecond.toFixed(0)} messages/s; ${describeRequests(unlimited)}`);
  const limited = await deliver({ messages: messages.limited, rate: limit, concurrency, latencyMs });
  const { times } = limited;
  const [rate, busiest] = [rateOf(times.slice(warmup.limited)), busiestSecond(times)];
  console.log(
    `delivery at ${limit}/s: ${rate.toFixed(2)} messages/s, ${busiest} in the busiest second; ${describeRequests(limited)}`,
  );
  const [off, above] = [Math.abs(rate / limit - 1), Math.max(0, busiest / limit - 1)];
  return { perSecond, limitErrorPct: Math.max(off, above) * 100 };
}

/** What the client's requests took, by Posta's own metric: the guide wants a P50 under 100 ms, a P95 under 500, a P99 under 1000. */
function describeRequests({ metrics }: Delivered): string {
  const byEnd = readBuckets(metrics, "posta_whatsapp_request_seconds", "kind");
  const { p50, p95, p99 } = measureBuckets(byEnd, "accepted", 0).latencyMs;
  return `requests of ${latencyMs} ms: P50 ${p50.toFixed(0)} ms, P95 ${p95.toFixed(0)}, P99 ${p99.toFixed(0)}`;
}

/** The most in any second, whenever it begins. */
function busiestSecond(times: number[]): number {
  let first = 0;
  let most = 0;
  for (const [index, at] of times.entries()) {
    while ((times[first] as number) <= at - 1000) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
