import { timeOfId } from "../../store/row-ids.js";

/** A message as PostgreSQL has it, without its body. Times are in milliseconds since 1970. */
export interface StoredMessage {
  id: string;
  sender: string;
  recipient: string;
  type: string;
  priority: number;
  resend: boolean;
  key: string | undefined;
  createdAtMs: number;
  sendAtMs: number;
  expiresAtMs: number | undefined;
  /** A number of MessageStatus. A newer Posta may have written a number that this Posta does not know. */
  status: number;
  statusAtMs: number;
  attempts: number;
  wamid: string | undefined;
  errorCode: number | undefined;
  error: string | undefined;
}

/** The columns that a {@link MessageRow} has. */
export const messageColumns = `id, sender, recipient, type, priority, resend, idempotency_key, send_at, expires_at, status,
  status_at, attempts, wamid, error_code, error`;

export interface MessageRow {
  id: string;
  sender: string;
  recipient: string;
  type: string;
  priority: number;
  resend: boolean;
  idempotency_key: string | null;
  send_at: Date;
  expires_at: Date | null;
  status: number;
  status_at: Date;
  attempts: number;
  wamid: string | null;
  error_code: number | null;
  error: string | null;
}

export function toStoredMessage(row: MessageRow): StoredMessage {
  const { id, sender, recipient, type, priority, resend, status, attempts } = row;
  // No spread: V8 takes a hundred times as long for an object with so many properties if it begins with a spread.
  return {
    id,
    sender,
    recipient,
    type,
    priority,
    resend,
    status,
    attempts,
    key: row.idempotency_key ?? undefined,
    createdAtMs: timeOfId(id),
    sendAtMs: row.send_at.getTime(),
    expiresAtMs: row.expires_at?.getTime(),
    statusAtMs: row.status_at.getTime(),
    wamid: row.wamid ?? undefined,
    errorCode: row.error_code ?? undefined,
    error: row.error ?? undefined,
  };
}
