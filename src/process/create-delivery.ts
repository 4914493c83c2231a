import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Registry } from "prom-client";
import type { Config } from "../config/config.js";
import { Breaker, type BreakerOptions, breakerDefaults } from "../message/delivery/breaker.js";
import { Claims } from "../message/delivery/claim.js";
import { Deliverer, type DeliverParts } from "../message/delivery/deliver.js";
import { DeliveryMetrics } from "../message/delivery/delivery-metrics.js";
import { LimitKeys, Limits } from "../message/delivery/rate-limits.js";
import { Rescheduler } from "../message/delivery/rescheduler.js";
import { Settler } from "../message/delivery/settle.js";
import { Mover } from "../message/outbox/move.js";
import { OutboxWork } from "../message/outbox/outbox-work.js";
import { Sweep } from "../message/outbox/sweep.js";
import type { PublishStatus } from "../message/record/status.js";
import { LoopDelay } from "../message/sender/concurrency.js";
import { SenderQueues } from "../message/sender/sender-queues.js";
import { SenderWorker } from "../message/sender/sender-worker.js";
import { Token } from "../message/whatsapp/token.js";
import { WhatsAppClient } from "../message/whatsapp/whatsapp.js";
import { BullAdapter } from "../store/bullmq/adapter.js";
import { type BullMqModule, loadBullMq } from "../store/bullmq/module.js";
import { openWorkerRedis, untilLost } from "../store/bullmq/worker-connection.js";
import type { PostgresStore } from "../store/postgres/store.js";
import type { RedisClient } from "../store/redis/address.js";
import type { RedisStore } from "../store/redis/store.js";
import type { Logger } from "../telemetry/log/log.js";
import type { MessageWork } from "./background-tasks.js";

/** What the delivery of messages works on. The code that opened the stores closes them. */
export interface DeliveryStores {
  queue: RedisStore;
  postgres: PostgresStore;
  metrics: Registry;
  /** The key of the list of all queues. */
  queueList: string;
  publish: PublishStatus;
  /** The numbers that some host sends from. */
  senders: () => readonly string[];
  times?: DeliveryTimes;
}

/** What the delivery of messages does, from its start to its end. */
export interface MessageDelivery {
  /** What its background tasks work on. */
  work: MessageWork;
  start(): void;
  /** Lets the work under way be finished and settled. */
  stop(): Promise<void>;
}

/** Waiting times, in milliseconds. */
export interface DeliveryTimes {
  /** How long after its time-out a request may be settled. After that its process counts as lost. */
  settleGraceMs: number;
  /** When a message that is still in the outbox is put into its queue again. */
  forgottenAfterMs: number;
  breaker: BreakerOptions;
}

/** After the time to drain: how long the last answers may take to arrive, and then to be written down. */
const [answerMs, settleMs] = [1500, 1000];

const defaultTimes: DeliveryTimes = { settleGraceMs: 10_000, forgottenAfterMs: 60_000, breaker: breakerDefaults };
/** The requests that the rate allows in this time are enough at once, however slow the Cloud API is. */
const enoughSeconds = 2;

/** A claim takes less time than this. So messages for this much time are claimed ahead. */
const aheadSeconds = 0.1;

/** Sends the messages of the numbers that the settings name. Throws a ConfigError for a token that cannot be read. */
export async function createMessageDelivery(
  config: Config,
  stores: DeliveryStores,
  log: Logger,
): Promise<MessageDelivery> {
  const metrics = new DeliveryMetrics(stores.metrics);
  const { postgres, queue, publish, senders: known, times = defaultTimes } = stores;
  const sweep = new Sweep(postgres, metrics, publish, { ...sweepOptions(config, times), senders: known });
  if (config.whatsappToken === undefined && config.whatsappTokenFile === undefined) {
    log.warn("POSTA_WHATSAPP_TOKEN: is not set, so messages stay queued; set it, or POSTA_WHATSAPP_TOKEN_FILE");
    return { work: { outbox: new OutboxWork(undefined, sweep) }, start() {}, async stop() {} };
  }
  const token = new Token(config);
  const bullmq = await loadBullMq();
  const queues = new SenderQueues(new BullAdapter(queue, config.queuePrefix), queue, stores.queueList);
  const mover = new Mover(postgres, queues, { senders: known, forgottenAfterMs: times.forgottenAfterMs });
  const senders = createSenders({ config, stores, bullmq, token, metrics, log });
  return {
    work: { outbox: new OutboxWork(mover, sweep), token, load: senders.load },
    start: senders.start,
    stop: senders.stop,
  };
}

/** What the workers of all numbers are made of. */
interface SendersOptions {
  config: Config;
  stores: DeliveryStores;
  bullmq: BullMqModule;
  token: Token;
  metrics: DeliveryMetrics;
  log: Logger;
}

/** The workers of all numbers and what they share. */
function createSenders({ config, stores, bullmq, token, metrics, log }: SendersOptions) {
  const { queue, postgres, publish, times = defaultTimes } = stores;
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const settler = new Settler(postgres, metrics, publish, log);
  const client = new WhatsAppClient(clientOptions(config), token);
  const claims = new Claims(postgres, metrics, publish);
  const limits = new Limits(queue, new LimitKeys(config.queuePrefix), ratesOf(config));
  const rescheduler = new Rescheduler(postgres, metrics);
  const parts = { claims, settler, rescheduler, limits, client, metrics, log };
  // This connection waits while Redis is down. Each worker waits for jobs on a connection of its own.
  const connection = openWorkerRedis(config, log);
  const shared = { config, bullmq, connection, parts, token, stopping: stopping.signal, breaker: times.breaker };
  const workers = config.senders.map((sender) => createSender(sender, shared));
  const load = new LoopDelay((delayMs) => {
    for (const { concurrency } of workers) concurrency.adjust(delayMs);
  });
  return {
    load,
    start() {
      for (const worker of workers) worker.start();
    },
    async stop() {
      stopping.abort();
      const wait = (ms: number) => sleep(ms, undefined, { ref: false });
      // Without Redis no worker closes, but deliveries still end.
      const delivered = untilLost(connection).then(() => Promise.all(workers.map((worker) => worker.delivered())));
      const closed = Promise.race([Promise.all(workers.map((worker) => worker.close())), delivered]);
      await Promise.race([closed, wait(config.drainTimeoutMs)]);
      // Answers that come a little later are still written down. The supervisor waits for 3 s.
      await Promise.race([client.close(), wait(answerMs)]);
      await Promise.race([closed, wait(settleMs)]);
      settler.giveUp();
      connection.disconnect();
    },
  };
}

/** What the workers of all numbers share. */
interface SenderOptions {
  config: Config;
  bullmq: BullMqModule;
  connection: RedisClient;
  parts: DeliverParts;
  token: Token;
  stopping: AbortSignal;
  breaker: BreakerOptions;
}

function createSender(sender: string, shared: SenderOptions): SenderWorker {
  const { config, bullmq, connection, parts, token, stopping } = shared;
  const { metrics, log } = parts;
  const breaker = new Breaker(shared.breaker);
  token.on("change", () => breaker.tryNow());
  const options = { maxAttempts: config.messageAttempts, ahead: aheadOf(config), stopping };
  const deliverer = new Deliverer(sender, parts, breaker, options);
  const settings = { sender, prefix: config.queuePrefix, concurrency: concurrencyOf(config) };
  return new SenderWorker(bullmq, connection, deliverer, breaker, settings, metrics, log);
}

function concurrencyOf({ messageConcurrency, whatsappRate: rate }: Config): number {
  return rate === 0 ? messageConcurrency : Math.min(messageConcurrency, rate * enoughSeconds + 1);
}

function aheadOf({ messageConcurrency, whatsappRate: rate }: Config): number {
  return rate === 0 ? messageConcurrency : Math.ceil(rate * aheadSeconds) + 1;
}

function ratesOf({ whatsappRate: perSecond, whatsappPairIntervalMs: pairIntervalMs, whatsappPairBurst }: Config) {
  return { perSecond, pairIntervalMs, pairBurst: whatsappPairBurst };
}

function clientOptions({ whatsappUrl: url, whatsappVersion: version, whatsappTimeoutMs: timeoutMs }: Config) {
  return { url, version, timeoutMs };
}

function sweepOptions(config: Config, { settleGraceMs, forgottenAfterMs }: DeliveryTimes) {
  return {
    maxAttempts: config.messageAttempts,
    lostAfterMs: config.whatsappTimeoutMs + settleGraceMs,
    forgottenAfterMs,
    keyWindowMs: config.messageKeyWindowMs,
  };
}
