import { type Status, statuses } from "./status.js";

/**
 * The states of a message, and every way from one to another. No other file says which status may follow which: the SQL
 * statements take their conditions from this table.
 *
 * - queued: waits in the outbox for its time, or in the queue of its sending number.
 * - sending: a process has claimed the message and sends it.
 * - accepted: the Cloud API has taken the message. sent, delivered and read: WhatsApp has reported these steps by webhook.
 * - failed: the Cloud API refused the message for good, or WhatsApp reported its failure.
 * - unknown: nobody knows whether the Cloud API took the message.
 * - expired, cancelled: the message was not sent.
 *
 * "read" is final. From "failed" and "unknown" a redrive queues the message again. A webhook is right about the status,
 * whatever Posta believed before. So its events start from almost every state.
 */
interface Transition {
  /** Empty: the message does not exist yet. */
  from: readonly Status[];
  event: Event;
  to: Status;
  /** The transition happens only if this is true. */
  when?: Guard;
}

type Event =
  /** A server stores a new message. */
  | "store"
  /** A delivery process claims the message to send it. */
  | "claim"
  /** The message was still queued at its expire_time. */
  | "expire"
  | "cancel"
  /** The Cloud API answered: it took the message. */
  | "accept"
  /** The Cloud API answered: the message is given up. */
  | "refuse"
  /** No whole answer came, and the message may not be sent twice. */
  | "lose-answer"
  /** The attempt failed, and another is to follow. */
  | "retry"
  /** The process that was sending the message is gone, and the message may not be sent twice. */
  | "abandon"
  /** The process that was sending the message is gone, and another attempt is to follow. */
  | "recover"
  | "redrive"
  /** WhatsApp reported a step by webhook. */
  | "report-sent"
  | "report-delivered"
  | "report-read"
  | "report-failed";

/** A message may have had several requests to the Cloud API. Each has its own wamid; the message keeps one of them. */
export type Guard =
  /** The event is of the request whose wamid the message has, or the message has none. */
  | "same-request"
  /** The event is of another request than the one whose wamid the message has. */
  | "other-request"
  /** WhatsApp has not reported that the request of this event failed. */
  | "request-not-failed";

const neverAccepted = ["queued", "sending", "unknown", "expired", "cancelled"] as const;

export const transitions: readonly Transition[] = [
  { from: [], event: "store", to: "queued" },
  { from: ["queued"], event: "claim", to: "sending" },
  { from: ["queued"], event: "expire", to: "expired" },
  { from: ["queued"], event: "cancel", to: "cancelled" },
  // True whatever happened to the message meanwhile: the Cloud API has it.
  { from: neverAccepted, event: "accept", to: "accepted" },
  { from: ["failed"], event: "accept", to: "accepted", when: "other-request" },
  { from: ["sending"], event: "refuse", to: "failed" },
  { from: ["sending"], event: "lose-answer", to: "unknown" },
  { from: ["sending"], event: "retry", to: "queued" },
  { from: ["sending"], event: "abandon", to: "unknown" },
  { from: ["sending"], event: "recover", to: "queued" },
  { from: ["unknown", "failed"], event: "redrive", to: "queued" },
  { from: [...neverAccepted, "accepted", "failed"], event: "report-sent", to: "sent", when: "request-not-failed" },
  { from: [...neverAccepted, "accepted", "sent", "failed"], event: "report-delivered", to: "delivered" },
  { from: [...neverAccepted, "accepted", "sent", "failed", "delivered"], event: "report-read", to: "read" },
  { from: neverAccepted, event: "report-failed", to: "failed" },
  { from: ["accepted", "sent"], event: "report-failed", to: "failed", when: "same-request" },
];

/** The message has a row in the outbox in these states. */
export const pending = ["queued", "sending"] as const;
/** The Cloud API is known to have taken the request whose wamid the message has. */
export const taken = ["accepted", "sent", "delivered", "read"] as const;
/** A message that gets one of these statuses gets a dead letter. Posta sends it again only after a redrive. */
export const givenUp: readonly Status[] = transitions.flatMap(({ event, from }) => (event === "redrive" ? from : []));

/** The number of the status that an event leads to. */
export function endOf(event: Event): number {
  const [transition] = transitionsOf(event);
  return statuses[transition.to];
}

/**
 * An SQL condition: whether an event changes a message whose status is in `column`. `guards` has the SQL of each guard
 * that the event has.
 */
export function allows(event: Event, column: string, guards: Partial<Record<Guard, string>> = {}): string {
  const ways = transitionsOf(event).map(({ from, when }) => {
    const condition = isOneOf(from, column);
    if (when === undefined) return condition;
    const guard = guards[when];
    if (guard === undefined) throw new Error(`${event} needs the SQL of its guard ${when}`);
    return `${condition} AND (${guard})`;
  });
  return `(${ways.join(" OR ")})`;
}

/**
 * An SQL condition: whether the status in `column` is one of several. A single status is written as "=", so that its
 * partial index fits.
 */
export function isOneOf(names: readonly Status[], column: string): string {
  const numbers = names.map((name) => statuses[name]);
  return numbers.length === 1 ? `${column} = ${numbers[0]}` : `${column} IN (${numbers.join(", ")})`;
}

function transitionsOf(event: Event): [Transition, ...Transition[]] {
  return transitions.filter((transition) => transition.event === event) as [Transition, ...Transition[]];
}
