/**
 * Where a message is, as the database and the contract number it (MessageStatus in proto/posta/message/v1/message.proto).
 * A status only moves to a higher number, but for what is queued again: by a retry, or by a redrive.
 */
export const statuses = {
  queued: 10,
  sending: 20,
  unknown: 25,
  accepted: 30,
  sent: 40,
  failed: 45,
  delivered: 50,
  read: 60,
  expired: 70,
  cancelled: 80,
} as const;

export type Status = keyof typeof statuses;

/** A message that came to a status. */
export interface StatusChange {
  messageId: string;
  sender: string;
  recipient: string;
  type: string;
  status: Status;
}

/** Told of status changes once they are committed. It must not throw: no message fails because it cannot be counted. */
export type RecordStatus = (changes: StatusChange[]) => void;
