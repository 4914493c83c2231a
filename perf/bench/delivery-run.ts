import { setTimeout as sleep } from "node:timers/promises";
import { ServiceClient } from "../watch/service-client.js";
import { takePorts } from "./ports.js";
import { startPosta } from "./processes.js";
import { type StandIn, startStandIn } from "./whatsapp.js";

const service = "posta.message.v1.MessageService";
const batch = 1000;
const patienceMs = 120_000;

/** How the stand-in and the delivery are to be. */
export interface DeliveryPlan {
  messages: number;
  /** Messages a second that the sending number may send; 0: as many as it can. */
  rate: number;
  /** Requests to the Cloud API at once, at most. */
  concurrency: number;
  /** What the stand-in takes for each answer. */
  latencyMs: number;
}

/** What came of it: when each message reached the stand-in, in milliseconds since 1970, and what /metrics then said. */
export interface Delivered {
  times: number[];
  metrics: string;
}

/** Sends messages through a Posta of its own to a stand-in for the Cloud API, until each of them is there and was answered. */
export async function deliver({ messages, rate, concurrency, latencyMs }: DeliveryPlan): Promise<Delivered> {
  const port = await takePorts(3);
  const standIn = await startStandIn(latencyMs);
  const posta = await startPosta(port, [], {
    ...standIn.settings,
    POSTA_LOG_LEVEL: "error", // Warns of the first messages, which come before the tables are there.
    POSTA_WHATSAPP_RATE: String(rate),
    POSTA_WHATSAPP_PAIR_INTERVAL: "0s",
    POSTA_MESSAGE_CONCURRENCY: String(concurrency),
  });
  try {
    await send(port, messages);
    const times = await untilTaken(standIn, messages);
    await sleep(10 * latencyMs); // The last ones are being answered.
    return { times, metrics: await (await fetch(`http://127.0.0.1:${port + 1}/metrics`)).text() };
  } finally {
    await posta.stop();
    await standIn.stop();
  }
}

async function send(port: number, count: number): Promise<void> {
  const client = new ServiceClient(`127.0.0.1:${port}`, service);
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

/** Messages a second. */
export function rateOf(times: number[]): number {
  return ((times.length - 1) * 1000) / ((times.at(-1) as number) - (times[0] as number));
}
