import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { invalid } from "../../errors/posta-error.js";

/** The queue that webhooks wait in until they are applied. */
export const webhookQueue = "posta-whatsapp-webhooks";

const hourMs = 3_600_000;

/**
 * A job that carries a webhook's body as it came. The job's id is made from the body. If WhatsApp soon sends the body
 * again, the queue has its job already. If WhatsApp sends the body later, it is applied again, which changes nothing.
 * The number of finished jobs that are kept is limited, as they take Redis' memory. A job is tried again for some
 * hours, and is kept for a week if it fails for good.
 */
export function toWebhookJob(body: Buffer) {
  if (!isUtf8(body)) throw invalid("body", "is not valid UTF-8");
  // The queue takes an empty payload for {}.
  if (body.length === 0) throw invalid("body", "is empty");
  return {
    name: "webhook",
    id: `w-${createHash("sha256").update(body).digest("hex")}`,
    dataJson: body.toString(),
    attempts: 15,
    backoff: { type: "exponential" as const, delayMs: 1000, jitter: 0.2 },
    keepOnComplete: { ageMs: hourMs / 6, count: 1000 },
    keepOnFail: { ageMs: 7 * 24 * hourMs },
  };
}
