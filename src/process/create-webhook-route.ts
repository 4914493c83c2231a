import type { Registry } from "prom-client";
import type { Config } from "../config/config.js";
import type { HttpRoute } from "../http/route.js";
import { toWebhookJob, webhookQueue } from "../message/webhook/webhook-job.js";
import { WebhookReceiver } from "../message/webhook/webhook-receiver.js";
import type { Adder } from "../queue/add/add.js";
import { IncomingBytes } from "../rpc/incoming-bytes.js";
import type { Logger } from "../telemetry/log/log.js";

const path = "/webhooks/whatsapp";
/** Meta says that its notifications have up to 3 MB. */
const maxBytes = 3 << 20;
/**
 * Anybody may send bodies, and only a whole body shows whether WhatsApp has signed it. So these bodies have a budget of
 * their own. When it is used up, a new body takes the bytes of the oldest at once. WhatsApp sends again a dropped body.
 */
const incomingLimits = { maxBytes: 32 << 20, patienceMs: 0 };

/** The path that WhatsApp calls. The bodies go into the queue that the delivery processes read. */
export function createWebhookRoute(config: Config, adder: Adder, metrics: Registry, log: Logger): HttpRoute {
  const receiver = new WebhookReceiver(config, (body) => enqueue(adder, body, config), metrics, log);
  const incoming = new IncomingBytes(incomingLimits);
  return { path, maxBytes, incoming, answer: (request) => receiver.answer(request) };
}

async function enqueue(adder: Adder, body: Buffer, { defaultDeadlineMs }: Config): Promise<void> {
  const caller = { cancelled: false, deadline: Date.now() + defaultDeadlineMs };
  const { error } = await adder.add(webhookQueue, { ...toWebhookJob(body), maxBytes }, caller);
  if (error) throw error;
}
