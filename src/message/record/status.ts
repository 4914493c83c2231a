/**
 * The status of a message, as the database and the contract number it (MessageStatus in
 * proto/posta/message/v1/message.proto). status-machine.ts says which status may follow which.
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

/** A message that has a new status. */
export interface StatusChange {
  messageId: string;
  sender: string;
  recipient: string;
  /** The Cloud API's word for the kind of content: "text", "template", ... */
  type: string;
  status: Status;
  /** The time of the change, in milliseconds since 1970. */
  timeMs: number;
}

/** Receives changes after they are committed. It must not throw, nor wait. */
export type PublishStatus = (changes: readonly StatusChange[]) => void;

const names = new Map(Object.entries(statuses).map(([name, number]) => [number as number, name as Status]));

/** The name of a status that the database has as a number. */
export function statusOf(number: number): Status {
  return names.get(number) as Status;
}

/** SQL for the name of the status in a column. */
export function statusName(column: string): string {
  const cases = [...names].map(([number, name]) => `WHEN ${number} THEN '${name}'`);
  return `CASE ${column} ${cases.join(" ")} END`;
}

/** The contract's name of a status. For a number that only a newer Posta knows: the number itself. */
export function nameOfStatus(number: number): string {
  return names.get(number)?.toUpperCase() ?? String(number);
}
