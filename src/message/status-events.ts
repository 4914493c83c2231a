import { createHash } from "node:crypto";
import type { RecordInbound } from "./inbound.js";
import type { RecordStatus } from "./status.js";

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
export type RecordEvents = (events: MessageEvent[]) => void;

/** Makes an event of each status change: "whatsapp.<status>". A message comes to each status once, so its id is the event's. */
export function statusRecorder(record: RecordEvents): RecordStatus {
  return (changes) =>
    record(
      changes.map(({ messageId, sender, recipient, type, status, timeMs }) => {
        return toEvent(status, timeMs, `${messageId}-${status}`, recipient, { sender, type });
      }),
    );
}

/** Makes an event "whatsapp.inbound" of each message that came in. */
export function inboundRecorder(record: RecordEvents): RecordInbound {
  return (messages) =>
    record(
      messages.map(({ wamid, sender, contact, type, at }) => {
        // A wamid may be longer than an event's id.
        const id = createHash("sha256").update(wamid).digest("hex");
        return toEvent("inbound", at.getTime(), id, contact, { sender, type });
      }),
    );
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
