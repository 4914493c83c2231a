import type { Logger } from "../../telemetry/log/log.js";
import type { SendAnswer } from "../whatsapp/answer.js";
import type { Verdict } from "../whatsapp/error-verdicts.js";
import type { Claimed } from "./claim.js";

/** What to do with a message after an attempt. */
export type Decision =
  | { kind: "accepted"; wamid: string }
  /** The message is given up. */
  | { kind: "failed"; code: number | undefined; text: string }
  | { kind: "unknown"; text: string }
  | Again;

/** The message goes back into the outbox. */
export interface Again {
  kind: "again";
  /** Time until the next attempt. */
  afterMs: number;
  /** Whether this attempt counts towards the message's maximum. */
  usedUp: boolean;
  /** Whether WhatsApp said that the recipient gets too many messages. */
  pairLimit: boolean;
  code: number | undefined;
  text: string;
}

/** A refusal. */
type Refused = Extract<SendAnswer, { kind: "refused" }>;

const firstBackoffMs = 1000;
const maxBackoffMs = 5 * 60_000;
/** When a number pauses, its whole queue waits. So the message itself need not wait for long. */
const pausedBackoffMs = 1000;
/** WhatsApp's rule: wait 4^n s after the nth time. */
const pairBase = 4;
const maxPairBackoffMs = 3_600_000;

/** Exponential backoff with full jitter, after the nth failure. */
function backoff(failures: number): number {
  return Math.random() * Math.min(firstBackoffMs * 2 ** failures, maxBackoffMs);
}

/** Decides from the Cloud API's answer. `maxAttempts`: how many attempts the message has. */
export function decide(answer: SendAnswer, message: Claimed, maxAttempts: number): Decision {
  switch (answer.kind) {
    case "accepted":
      return answer;
    case "unsent":
      // The request never reached WhatsApp. So it uses up no attempt, however often this happens.
      return again(answer.message, backoff(message.attempts));
    case "unknown":
      if (!message.resend || isLast(message, maxAttempts)) return { kind: "unknown", text: answer.message };
      return { ...again(answer.message, backoff(message.tried)), usedUp: true };
    case "refused":
      return refusals[answer.verdict](answer, message, maxAttempts);
  }
}

/** What follows from each verdict. */
const refusals: Record<Verdict, (answer: Refused, message: Claimed, maxAttempts: number) => Decision> = {
  retry(answer, message, maxAttempts) {
    if (isLast(message, maxAttempts)) return fail(answer);
    return { ...again(answer.message, backoff(message.tried), answer.code), usedUp: true };
  },
  "slow-down": ({ message: text, code }, message) => again(text, backoff(message.attempts), code),
  "pause-sender": ({ message, code }) => again(message, pausedBackoffMs, code),
  "stop-sender": ({ message, code }) => again(message, pausedBackoffMs, code),
  "pair-limit"({ message: text, code }, { pairLimits }) {
    const afterMs = Math.min(1000 * pairBase ** (pairLimits + 1), maxPairBackoffMs);
    return { ...again(text, afterMs, code), pairLimit: true };
  },
  "give-up": fail,
};

/** Puts a message back without using up an attempt. */
export function again(text: string, afterMs: number, code?: number): Again {
  return { kind: "again", afterMs, usedUp: false, pairLimit: false, code, text };
}

function fail({ code, message: text }: Refused): Decision {
  return { kind: "failed", code, text };
}

function isLast({ tried }: Claimed, maxAttempts: number): boolean {
  return tried + 1 >= maxAttempts;
}

/** Logs the outcome of an attempt, so that a message can be followed from its request. Failures are warnings. */
export function logDecision(
  log: Logger,
  { id: messageId, sender, requestId, attempts }: Claimed,
  decision: Decision,
): void {
  const line = { messageId, ...(requestId === null ? {} : { requestId }), sender, attempts };
  if (decision.kind === "accepted") {
    log.debug({ ...line, wamid: decision.wamid }, "a message was accepted");
    return;
  }
  const why = { ...line, ...("code" in decision ? { code: decision.code } : {}), details: decision.text };
  if (decision.kind === "again") log.debug(why, "a message will be sent again");
  else log.warn(why, decision.kind === "failed" ? "a message failed" : "the outcome of a message is unknown");
}
