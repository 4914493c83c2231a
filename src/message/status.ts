/**
 * Where a message is, as the database and the contract number it (MessageStatus in proto/posta/message/v1/message.proto).
 * A status only moves to a higher number, but for what is queued again: by a retry, or by a redrive.
 */
export const statuses = {
  queued: 10,
  sending: 20,
  unknown: 25,
  expired: 26,
  cancelled: 27,
  accepted: 30,
  sent: 40,
  failed: 45,
  delivered: 50,
  read: 60,
} as const;

export type Status = keyof typeof statuses;

/** The contract's name of a status; a number that a newer Posta has written stands for itself. */
export function nameOfStatus(number: number): string {
  const [name] = Object.entries(statuses).find(([, value]) => value === number) ?? [];
  return name === undefined ? String(number) : name.toUpperCase();
}
