import { setTimeout as sleep } from "node:timers/promises";
import { ServiceClient } from "../watch/service-client.js";
import { startPosta } from "./processes.js";
import { type StandIn, startStandIn } from "./whatsapp.js";

const service = "posta.message.v1.MessageService";
const ports = { posta: 20181, standIn: 20189 };
const latencyMs = 50;
const limit = 80;
const batch = 1000;
/** Messages for each measure: some ten seconds' worth without limits, and twenty with them. */
const messages = { unlimited: 10_000, limited: 1600 };
/** The first of them are not in the rates: workers and connections are just coming up. */
const warmup = { unlimited: 500, limited: 160 };
const patienceMs = 120_000;

export interface DeliveryFigures {
  perSecond: number;
  /** How far the rate with the limit on is from the limit, or any second was above it, in percent. */
  limitErrorPct: number;
}

/** What reaches the stand-in, which takes 50 ms for each answer, without limits and at the limit of 80 a second. */
export async function measureDelivery(): Promise<DeliveryFigures> {
  const unlimited = await deliver(messages.unlimited, 0);
  const perSecond = rateOf(unlimited.slice(warmup.unlimited));
  console.log(`delivery without limits: ${perSecond.toFixed(0)} messages/s`);
  const limited = await deliver(messages.limited, limit);
  const [rate, busiest] = [rateOf(limited.slice(warmup.limited)), busiestSecond(limited)];
  console.log(`delivery at ${limit}/s: ${rate.toFixed(2)} messages/s, ${busiest} in the busiest second`);
  const [off, above] = [Math.abs(rate / limit - 1), Math.max(0, busiest / limit - 1)];
  return { perSecond, limitErrorPct: Math.max(off, above) * 100 };
}

/** Sends so many messages through a Posta of its own; answers when each of them reached the stand-in. */
async function deliver(count: number, rate: number): Promise<number[]> {
  const standIn = await startStandIn(ports.standIn, latencyMs);
  const posta = await startPosta(ports.posta, [], {
    ...standIn.settings,
    POSTA_WHATSAPP_RATE: String(rate),
    POSTA_WHATSAPP_PAIR_INTERVAL: "0s",
    POSTA_MESSAGE_CONCURRENCY: "100",
  });
  try {
    await send(count);
    return await untilTaken(standIn, count);
  } finally {
    await posta.stop();
    await standIn.stop();
  }
}

async function send(count: number): Promise<void> {
  const client = new ServiceClient(`127.0.0.1:${ports.posta}`, service);
  for (let sent = 0; sent < count; sent += batch) {
    const few = Math.min(batch, count - sent);
    const request = { messages: Array.from({ length: few }, (_, index) => message(sent + index)) };
    await insist(async () => {
      const { results } = await client.call<{ results: { error: object | null }[] }>("SendMessages", request);
      if (results.some(({ error }) => error)) throw new Error(`not taken: ${JSON.stringify(results[0]?.error)}`);
    });
  }
  client.close();
}

/** The tables may be still to come. */
async function insist(call: () => Promise<unknown>): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(200);
    }
  }
}

function message(number: number) {
  return { to: `346${String(number).padStart(8, "0")}`, text: { body: "bench" } };
}

async function untilTaken(standIn: StandIn, count: number): Promise<number[]> {
  const times: number[] = [];
  const until = Date.now() + patienceMs;
  while (times.length < count) {
    if (Date.now() > until) throw new Error(`only ${times.length} of ${count} messages reached the stand-in`);
    await sleep(500);
    times.push(...(await standIn.times(times.length)));
  }
  return times.sort((a, b) => a - b);
}

function rateOf(times: number[]): number {
  return ((times.length - 1) * 1000) / ((times.at(-1) as number) - (times[0] as number));
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
