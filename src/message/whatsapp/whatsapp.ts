import { Pool } from "undici";
import { maskAllNumbers } from "../../telemetry/log/phone-numbers.js";
import { readAnswer, type SendAnswer } from "./answer.js";
import { exchange, type Outcome } from "./exchange.js";
import type { Token } from "./token.js";

/**
 * Opening a connection takes a fraction of this time. A host that drops packets should not cost a message its whole
 * deadline.
 */
const connectTimeoutMs = 5000;
/**
 * How long an idle connection is kept, unless the server names a shorter time. If the server closes a connection at the
 * very moment of a request, the outcome is unknown. So this time is well below what servers allow.
 */
const keepAliveMs = 20_000;
/** The most characters of an error's text, which is stored with the message. */
const maxTextLength = 512;

export interface WhatsAppOptions {
  /** POSTA_WHATSAPP_URL; it may have a path. */
  url: string;
  version: string;
  /** From the call of send() to the end of the answer. */
  timeoutMs: number;
}

/** A client that sends messages by the WhatsApp Cloud API. A connection has one request at a time, and is reused. */
export class WhatsAppClient {
  private readonly pool: Pool;
  private readonly base: string;

  constructor(
    private readonly options: WhatsAppOptions,
    private readonly token: Token,
  ) {
    const { origin, pathname } = new URL(options.url);
    this.base = `${pathname.replace(/\/$/, "")}/${options.version}`;
    this.pool = new Pool(origin, {
      connect: { timeout: Math.min(connectTimeoutMs, options.timeoutMs) },
      keepAliveTimeout: keepAliveMs,
      // exchange() has one deadline for the whole request.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /**
   * Sends `body`, the whole request as JSON text, from the number with the id `sender`. Does not throw for failures of
   * the network.
   */
  async send(sender: string, body: string): Promise<SendAnswer> {
    const token = this.token.value;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const request = { path: `${this.base}/${sender}/messages`, method: "POST", headers, body } as const;
    const answer = judgeOutcome(await exchange(this.pool, request, this.options.timeoutMs));
    // The token has changed meanwhile: with the new one the request may succeed.
    const isOutdated = answer.kind === "refused" && answer.verdict === "stop-sender" && token !== this.token.value;
    if (isOutdated) answer.verdict = "slow-down";
    return answer.kind === "accepted" ? answer : { ...answer, message: hide(answer.message, token) };
  }

  /** Lets requests under way finish. Each of them has a deadline. */
  async close(): Promise<void> {
    await this.pool.close();
  }
}

function judgeOutcome(outcome: Outcome): SendAnswer {
  if (outcome.kind === "answer") return readAnswer(outcome.status, outcome.text);
  const { written, reason } = outcome;
  if (written) return { kind: "unknown", message: `no answer of the Cloud API: ${reason}` };
  return { kind: "unsent", message: `no connection to the Cloud API: ${reason}` };
}

/** Some errors of the API repeat a malformed token, and others the number of the recipient. */
function hide(text: string, token: string): string {
  const shown = text.replaceAll(token, "***").replace(/\bEAA\w{10,}/g, "***");
  return maskAllNumbers(shown).slice(0, maxTextLength);
}
