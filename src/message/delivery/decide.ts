import type { Logger } from "../../telemetry/log/log.js";
import type { SendAnswer } from "../whatsapp/answer.js";
import type { Verdict } from "../whatsapp/whatsapp-errors.js";
import type { Claimed } from "./claim.js";

/** What is to become of a message after an attempt. */
export type Decision =
  | { kind: "accepted"; wamid: string }
  /** Given up. */
  | { kind: "failed"; code: number | undefined; text: string }
  | { kind: "unknown"; text: string }
  | Again;

/** It goes back into the outbox. */
export interface Again {
  kind: "again";
  /** Until its next attempt. */
  afterMs: number;
  /** Whether this attempt counts among those that it has. */
  usedUp: boolean;
  /** Whether WhatsApp said that the recipient gets too many. */
  pairLimit: boolean;
  code: number | undefined;
  text: string;
}

/** A refusal. */
type Refused = Extract<SendAnswer, { kind: "refused" }>;

const firstBackoffMs = 1000;
const maxBackoffMs = 5 * 60_000;
/** When a whole number pauses, its queue waits anyway: the message itself need not wait for long. */
const pausedBackoffMs = 1000;
/** WhatsApp: 4^n s after the nth time. */
const pairBase = 4;
const maxPairBackoffMs = 3_600_000;

/** Exponential backoff with full jitter, after the nth failure. */
function backoff(failures: number): number {
  return Math.random() * Math.min(firstBackoffMs * 2 ** failures, maxBackoffMs);
}

/** Decides by what the Cloud API answered, for a message that has so many attempts. */
export function decide(answer: SendAnswer, message: Claimed, maxAttempts: number): Decision {
  switch (answer.kind) {
    case "accepted":
      return answer;
    case "unsent":
      // WhatsApp never had it, so however often this happens, no attempt was made.
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

/** Logs what became of an attempt, so that a message can be followed from its request. Failures are warnings. */
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
  if (decision.kind === "again") log.debug(why, "a message is to be sent again");
  else log.warn(why, decision.kind === "failed" ? "a message failed" : "whether a message was sent is not known");
}
