import { createHash } from "node:crypto";
import type { PublishStatus } from "../record/status.js";
import type { OtherPart } from "./body/webhook-oddities.js";
import { writeJson } from "./body/webhook-values.js";
import type { PublishInbound } from "./inbound.js";

/** An event as the analytics take it. */
interface MessageEvent {
  name: string;
  timeMs: number;
  id: string;
  subject: string;
  value: undefined;
  dimensions: { sender: string; type: string };
}

/** Gives events to the analytics. */
export type PublishEvents = (events: MessageEvent[]) => void;

/**
 * Makes an event "whatsapp.<status>" of each status change. The message's id and the status are the event's id, so that
 * the analytics count each status of a message once.
 */
export function statusPublisher(publish: PublishEvents): PublishStatus {
  return (changes) =>
    publish(
      changes.map(({ messageId, sender, recipient, type, status, timeMs }) => {
        return toEvent(status, timeMs, `${messageId}-${status}`, recipient, { sender, type });
      }),
    );
}

/** Makes an event "whatsapp.inbound" of each message that came in. */
export function inboundPublisher(publish: PublishEvents): PublishInbound {
  return (messages) =>
    publish(
      messages.map(({ wamid, sender, contact, type, at }) => {
        // A wamid may be longer than an event's id.
        return toEvent("inbound", at.getTime(), toId(wamid), contact, { sender, type });
      }),
    );
}

/** Receives the parts of webhooks that Posta has no use for. It must not throw. */
export type PublishOther = (parts: readonly OtherPart[]) => void;

/**
 * Makes an event "whatsapp.other" of each such part. The event's type is the part's kind. The event's id is a hash of
 * the part's kind and content.
 */
export function otherPublisher(publish: PublishEvents): PublishOther {
  return (parts) =>
    publish(
      parts.map(({ kind, sender, at, json }) => {
        return toEvent("other", at.getTime(), toId(`${kind} ${writeJson(json)}`), "", { sender, type: kind });
      }),
    );
}

function toId(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function toEvent(
  what: string,
  timeMs: number,
  id: string,
  subject: string,
  dimensions: MessageEvent["dimensions"],
): MessageEvent {
  return { name: `whatsapp.${what}`, timeMs, id, subject, value: undefined, dimensions };
}
