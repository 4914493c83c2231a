import type { Status } from "./status.js";

/** A message came to be in a status. */
export interface StatusChange {
  messageId: string;
  status: Status;
  sender: string;
  /** E.164 without the "+". */
  recipient: string;
  /** The Cloud API's word. */
  type: string;
  /** When, in milliseconds since 1970. */
  timeMs: number;
}

/** An event for the analytics. */
export interface MessageEvent {
  name: string;
  timeMs: number;
  id: string;
  subject: string;
  value: undefined;
  dimensions: Record<string, string>;
}

/** Hands events to the analytics. It must not throw: no message fails for them. */
export type RecordEvents = (events: MessageEvent[]) => void;

/** A change as an event. Its id makes a change that is told twice count once. */
export function toEvent({ messageId, status, sender, recipient, type, timeMs }: StatusChange): MessageEvent {
  const id = `${messageId}-${status}`;
  return { name: `whatsapp.${status}`, timeMs, id, subject: recipient, value: undefined, dimensions: { sender, type } };
}
