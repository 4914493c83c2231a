import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Counter, type Registry } from "prom-client";
import { PostaError, toPostaError } from "../errors/posta-error.js";
import { IncomingBytes } from "../rpc/incoming-bytes.js";
import type { Logger } from "../telemetry/log/log.js";
import type { Answer } from "./exchange/answer.js";
import { IncomingBody } from "./exchange/body.js";

/** Where WhatsApp tells what became of messages, and what people wrote. */
export const webhookPath = "/webhooks/whatsapp";

/** Keeps a body that WhatsApp has signed. Resolves when it is safe; throws a PostaError if it is not. */
export type AcceptWebhook = (body: Buffer) => Promise<void>;

/** The settings that a webhook needs. */
export interface WebhookOptions {
  /** What bodies are signed with; undefined: nothing is served. */
  whatsappAppSecret: string | undefined;
  /** What the address is confirmed with. */
  whatsappVerifyToken: string | undefined;
  /** How long a request may take, in milliseconds. */
  defaultDeadlineMs: number;
}

/** How requests end, for the metric: each has its status. */
const statuses = {
  confirmed: 200,
  accepted: 200,
  malformed: 400,
  unsigned: 401,
  unconfirmed: 403,
  off: 404,
  "wrong-verb": 405,
  late: 408,
  aborted: 499, // Nobody sees it.
  "too-large": 413,
  encoded: 415,
  unavailable: 503,
} as const;

interface Reply {
  outcome: keyof typeof statuses;
  text: string;
  headers?: OutgoingHttpHeaders;
}

/** Meta says that its notifications have up to 3 MB. */
export const maxWebhookBytes = 3 << 20;
/**
 * Anybody may send bodies, and only a whole body shows whether it is signed. So they have bytes of their own, and no time in which
 * they keep others out: a new body takes the room of the oldest. WhatsApp sends again what was dropped.
 */
const incomingLimits = { maxBytes: 32 << 20, patienceMs: 0 };

/**
 * The webhook that WhatsApp calls. It only finds out whether a body is WhatsApp's and has it kept: what it says is worked
 * off behind a queue, so that the answer comes in milliseconds, and WhatsApp has no reason to send it again.
 */
export class Webhook {
  private readonly requests: Counter;
  /** Bounds what all bodies hold together while they come in. */
  readonly incoming = new IncomingBytes(incomingLimits);

  constructor(
    private readonly options: WebhookOptions,
    private readonly accept: AcceptWebhook,
    metrics: Registry,
    private readonly log: Logger,
  ) {
    this.requests = new Counter({
      name: "posta_webhook_requests_total",
      help: "Requests to WhatsApp's webhook, by how they ended.",
      labelNames: ["outcome"],
      registers: [metrics],
    });
  }

  /** Never rejects. */
  async answer(request: IncomingMessage): Promise<Answer | undefined> {
    const { outcome, text, headers } = await this.reply(request);
    this.requests.inc({ outcome });
    if (outcome === "aborted") return undefined;
    const type = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
    return { status: statuses[outcome], headers: { ...type, ...headers }, body: text };
  }

  private async reply(request: IncomingMessage): Promise<Reply> {
    const { whatsappAppSecret: secret } = this.options;
    if (secret === undefined) return { outcome: "off", text: "POSTA_WHATSAPP_APP_SECRET is not set\n" };
    if (request.method === "GET") return this.confirm(request);
    if (request.method === "POST") return this.takeInTime(request, secret);
    return { outcome: "wrong-verb", text: "use GET or POST\n", headers: { allow: "GET, POST" } };
  }

  /** The handshake by which Meta makes sure that the address is ours. */
  private confirm({ url = "" }: IncomingMessage): Reply {
    const asked = new URLSearchParams(url.slice(webhookPath.length));
    const { whatsappVerifyToken: token } = this.options;
    const isOurs = token !== undefined && isSameText(asked.get("hub.verify_token") ?? "", token);
    if (isOurs && asked.get("hub.mode") === "subscribe") {
      return { outcome: "confirmed", text: asked.get("hub.challenge") ?? "" };
    }
    return { outcome: "unconfirmed", text: "hub.mode or hub.verify_token is wrong\n" };
  }

  /** What comes too late may still be kept: WhatsApp sends it again, and it is found to be there. */
  private async takeInTime(request: IncomingMessage, secret: string): Promise<Reply> {
    const done = new AbortController();
    const late: Reply = { outcome: "late", text: "the body did not come in time\n" };
    const expiry = sleep(this.options.defaultDeadlineMs, late, { signal: done.signal }).catch(() => late);
    const body = new IncomingBody(request, { maxMessageBytes: maxWebhookBytes, incoming: this.incoming });
    const reply = await Promise.race([this.take(request, body, secret), expiry]);
    done.abort();
    body.stop(new PostaError("expired", late.text));
    return reply;
  }

  private async take(request: IncomingMessage, body: IncomingBody, secret: string): Promise<Reply> {
    const { "x-hub-signature-256": signature, "content-encoding": encoding = "identity" } = request.headers;
    const digest = parseSignature(signature);
    if (!digest) return unsigned;
    // The signature is of the bytes as they were sent: there is no telling which those are.
    if (encoding !== "identity") return { outcome: "encoded", text: "send it without content-encoding\n" };
    return body.collect().then(
      (bytes) => this.keepSigned(bytes, secret, digest),
      (error) => this.refuseUnread(toPostaError(error)),
    );
  }

  private refuseUnread(error: PostaError): Reply {
    if (error.retryAfterMs !== undefined) return this.refuse(error); // There was no room for it.
    return { outcome: error.code === "exhausted" ? "too-large" : "aborted", text: `${error.message}\n` };
  }

  private async keepSigned(body: Buffer, secret: string, digest: Buffer): Promise<Reply> {
    if (!timingSafeEqual(createHmac("sha256", secret).update(body).digest(), digest)) return unsigned;
    return this.keep(body);
  }

  private async keep(body: Buffer): Promise<Reply> {
    try {
      await this.accept(body);
      return { outcome: "accepted", text: "ok\n" };
    } catch (error) {
      return this.refuse(toPostaError(error));
    }
  }

  private refuse(error: PostaError): Reply {
    // All of the request is its body, whatever it is called further on.
    if (error.code === "invalid")
      return { outcome: "malformed", text: `body${error.message.slice(error.field?.length ?? 0)}\n` };
    if (error.code === "internal") this.log.error({ err: error.cause ?? error }, "a webhook could not be kept");
    const seconds = Math.ceil((error.retryAfterMs ?? 1000) / 1000);
    return { outcome: "unavailable", text: `${error.message}\n`, headers: { "retry-after": String(seconds) } };
  }
}

const unsigned: Reply = { outcome: "unsigned", text: "X-Hub-Signature-256 is missing or wrong\n" };

/** The 32 bytes of "sha256=<hex>". */
function parseSignature(header: string | string[] | undefined): Buffer | undefined {
  const [, hex] = /^sha256=([0-9a-f]{64})$/i.exec(String(header)) ?? [];
  return hex === undefined ? undefined : Buffer.from(hex, "hex");
}

/** In a time that tells nothing of where they differ, nor of their lengths. */
function isSameText(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
