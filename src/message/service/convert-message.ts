import { PostaError, toPostaError } from "../../errors/posta-error.js";
import type { OutgoingMessage__Output as OutgoingMessage } from "../../gen/posta/message/v1/OutgoingMessage.js";
import type { SendResult as SendResultMessage } from "../../gen/posta/message/v1/SendResult.js";
import { toWord } from "../../rpc/contract/enums.js";
import { toTimeMs } from "../../rpc/contract/times.js";
import type { ToItem } from "../../rpc/status.js";
import type { Incoming, SendResult } from "../accept/send.js";
import { toContent } from "./convert-content.js";

/** The contract's priority numbers are also the priorities of the jobs that send the messages. */
const priorities = { CRITICAL: 1, NORMAL: 5, LOW: 10 } as const;
const policies = { AT_MOST_ONCE: "at-most-once", AT_LEAST_ONCE: "at-least-once" } as const;

/** A message of a request, in the form that the domain takes. If the message itself is wrong: its error. */
export function toMessageOrError(message: OutgoingMessage): Incoming {
  try {
    const { to, from, idempotencyKey, replyTo } = message;
    return {
      to,
      from,
      idempotencyKey,
      replyTo,
      content: toContent(message),
      priority: toWord(message.priority, "PRIORITY", priorities, "priority") ?? priorities.NORMAL,
      resend: toWord(message.policy, "DELIVERY_POLICY", policies, "policy") === "at-least-once",
      sendTimeMs: toTimeMs(message.sendTime, "send_time"),
      expireTimeMs: toTimeMs(message.expireTime, "expire_time"),
    };
  } catch (error) {
    return toPostaError(error);
  }
}

const outcomes = { stored: "OUTCOME_STORED", duplicate: "OUTCOME_DUPLICATE" } as const;

/** The outcome of a message that did not fail. */
export function toOutcome(outcome: keyof typeof outcomes) {
  return outcomes[outcome];
}

/** Converts one result of several. All results of an answer share `toItem`. */
export function toResultMessage(result: SendResult, toItem: ToItem): SendResultMessage {
  if (result instanceof PostaError) {
    return { messageId: "", outcome: "OUTCOME_UNSPECIFIED", error: toItem(result) };
  }
  return { messageId: result.id, outcome: outcomes[result.outcome], error: null };
}
