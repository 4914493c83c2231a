import { setTimeout as sleep } from "node:timers/promises";
import { Counter, type Registry } from "prom-client";
import { type PostaError, toPostaError } from "../../errors/posta-error.js";
import type { Logger } from "../../telemetry/log/log.js";
import { isSameSecret, isSigned, parseSignature } from "./webhook-signature.js";

/** Puts a signed body into a queue. Resolves when the body is stored; throws a PostaError if it is not. */
export type EnqueueWebhook = (body: Buffer) => Promise<void>;

/** The settings that the webhook needs. */
export interface WebhookOptions {
  /** WhatsApp signs bodies with this. undefined: the webhook is off. */
  whatsappAppSecret: string | undefined;
  /** Meta's handshake must name this token. */
  whatsappVerifyToken: string | undefined;
  /** How long a request may take, in milliseconds. */
  defaultDeadlineMs: number;
}

/** A request to the webhook, from the HTTP server. */
export interface WebhookRequest {
  verb: string;
  query: URLSearchParams;
  headers: NodeJS.Dict<string | string[]>;
  /**
   * Throws exhausted if the body is too large, and exhausted with a retry delay if there is no memory for it. Throws
   * another error if the body breaks off.
   */
  readBody(): Promise<Buffer>;
}

/** The outcomes of requests, as the metric names them, and the HTTP status of each. */
const statuses = {
  confirmed: 200,
  accepted: 200,
  malformed: 400,
  unsigned: 401,
  unconfirmed: 403,
  off: 404,
  "wrong-verb": 405,
  late: 408,
  aborted: 499, // The client has left, and does not see it.
  "too-large": 413,
  encoded: 415,
  unavailable: 503,
} as const;

interface Reply {
  outcome: keyof typeof statuses;
  text: string;
  headers?: Record<string, string>;
}

/**
 * Receives WhatsApp's webhooks: reports on messages, and what people wrote. It only checks that WhatsApp has signed a
 * body, and puts the body into a queue. So the answer takes milliseconds, and WhatsApp has no reason to send the body
 * again.
 */
export class WebhookReceiver {
  private readonly requests: Counter;

  constructor(
    private readonly options: WebhookOptions,
    private readonly enqueue: EnqueueWebhook,
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

  /** Never rejects. undefined: the client has left. */
  async answer(request: WebhookRequest) {
    const { outcome, text, headers } = await this.reply(request);
    this.requests.inc({ outcome });
    if (outcome === "aborted") return undefined;
    const type = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
    return { status: statuses[outcome], headers: { ...type, ...headers }, body: text };
  }

  private async reply(request: WebhookRequest): Promise<Reply> {
    const { whatsappAppSecret: secret } = this.options;
    if (secret === undefined) return { outcome: "off", text: "POSTA_WHATSAPP_APP_SECRET is not set\n" };
    if (request.verb === "GET") return this.confirm(request.query);
    if (request.verb === "POST") return this.receiveInTime(request, secret);
    return { outcome: "wrong-verb", text: "use GET or POST\n", headers: { allow: "GET, POST" } };
  }

  /** Meta's handshake: it makes sure that the address is ours. */
  private confirm(query: URLSearchParams): Reply {
    const { whatsappVerifyToken: token } = this.options;
    const isOurs = token !== undefined && isSameSecret(query.get("hub.verify_token") ?? "", token);
    if (isOurs && query.get("hub.mode") === "subscribe") {
      return { outcome: "confirmed", text: query.get("hub.challenge") ?? "" };
    }
    return { outcome: "unconfirmed", text: "hub.mode or hub.verify_token is wrong\n" };
  }

  /**
   * A late body may still be enqueued. That does no harm: WhatsApp sends the body again, and the queue has its job
   * already.
   */
  private async receiveInTime(request: WebhookRequest, secret: string): Promise<Reply> {
    const done = new AbortController();
    const late: Reply = { outcome: "late", text: "the body did not come in time\n" };
    const expiry = sleep(this.options.defaultDeadlineMs, late, { signal: done.signal }).catch(() => late);
    const reply = await Promise.race([this.receive(request, secret), expiry]);
    done.abort();
    return reply;
  }

  /** Checks the headers before it reads the body: anybody may send bodies here. */
  private async receive({ headers, readBody }: WebhookRequest, secret: string): Promise<Reply> {
    const { "x-hub-signature-256": header, "content-encoding": encoding = "identity" } = headers;
    const signature = parseSignature(header);
    if (!signature) return unsigned;
    // WhatsApp signed the bytes that it sent. If they were compressed on the way, nobody can tell those bytes.
    if (encoding !== "identity") return { outcome: "encoded", text: "send it without content-encoding\n" };
    return readBody().then(
      (body) => (isSigned(body, secret, signature) ? this.store(body) : unsigned),
      (error) => this.refuseUnread(toPostaError(error)),
    );
  }

  private async store(body: Buffer): Promise<Reply> {
    try {
      await this.enqueue(body);
      return { outcome: "accepted", text: "ok\n" };
    } catch (error) {
      return this.refuse(toPostaError(error));
    }
  }

  private refuseUnread(error: PostaError): Reply {
    if (error.retryAfterMs !== undefined) return this.refuse(error); // There was no memory for the body.
    return { outcome: error.code === "exhausted" ? "too-large" : "aborted", text: `${error.message}\n` };
  }

  private refuse(error: PostaError): Reply {
    // The queue's error has another name for the body. WhatsApp knows it as the body of its request.
    if (error.code === "invalid")
      return { outcome: "malformed", text: `body${error.message.slice(error.field?.length ?? 0)}\n` };
    if (error.code === "internal") this.log.error({ err: error.cause ?? error }, "a webhook could not be stored");
    const seconds = Math.ceil((error.retryAfterMs ?? 1000) / 1000);
    return { outcome: "unavailable", text: `${error.message}\n`, headers: { "retry-after": String(seconds) } };
  }
}

const unsigned: Reply = { outcome: "unsigned", text: "X-Hub-Signature-256 is missing or wrong\n" };
