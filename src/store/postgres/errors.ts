import { type ErrorCode, PostaError } from "../../errors/posta-error.js";

/** SQLSTATE classes and codes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const shutdown = /^57P0[1245]$/;
/** Wrong credentials, no such database. */
const refused = /^(28|3D)/;
const starting = /^(57P03|53300)$/;
const full = /^(53|54)/;
const conflict = /^40/;
/** No such table, no such column. */
const missing = /^42(P01|703)$/;
const checkViolation = "23514";
/** A time-out of a statement, or of its wait for a lock. */
const timeout = /^(57014|55P03)$/;
const readOnly = "25006";

/** A failed statement. Its cause is pg's own error, for the log. */
export class PostgresError extends PostaError {
  constructor(
    code: ErrorCode,
    message: string,
    cause: unknown,
    retryAfterMs?: number,
    /** The connection is gone, or must be given up because its state is unknown. */
    readonly lost = false,
  ) {
    super(code, message, { cause, retryAfterMs, isUnknown: lost });
  }
}

/** What an error of pg means for the caller. The message says if nothing was done, or if the outcome is unknown. */
export function toPostgresError(error: unknown): PostgresError {
  const state = stateOf(error);
  if (state === undefined || shutdown.test(state)) {
    const message = "the database was lost before it answered: the outcome is unknown";
    return new PostgresError("unavailable", message, error, 500, true);
  }
  if (refused.test(state) || starting.test(state)) return toUnreachable(error);
  if (isNotReady(state, error)) return unavailable("the database is not ready yet; nothing was done", error);
  if (timeout.test(state)) return unavailable("the database took too long; nothing was done", error);
  if (state === readOnly) return unavailable("the database cannot take writes now; nothing was done", error);
  if (conflict.test(state)) return unavailable("another change came in between; nothing was done", error);
  if (full.test(state) || hasNoRoom(error))
    return new PostgresError("exhausted", "the database is full; nothing was done", error, 5000);
  return new PostgresError("internal", "internal error", error);
}

/** There is no connection, so nothing was sent. */
export function toUnreachable(cause?: unknown): PostgresError {
  return unavailable("the database cannot be reached; nothing was done", cause);
}

/** The schema, or a month's partition, is not there yet: another process makes it. */
function isNotReady(state: string, error: unknown): boolean {
  const { message } = error as Error;
  return missing.test(state) || (state === checkViolation && message.startsWith("no partition of relation"));
}

/** A quota, or a limit on file size, has no code of its own. The function that extends a table's file shows it. */
function hasNoRoom(error: unknown): boolean {
  const { routine } = error as { routine?: string };
  return routine === "mdextend" || routine === "mdzeroextend";
}

/** PostgreSQL's SQLSTATE. Undefined for an error of the connection, which PostgreSQL did not send. */
function stateOf(error: unknown): string | undefined {
  const { code, severity } = error as { code?: string; severity?: string };
  return severity === undefined ? undefined : code;
}

function unavailable(message: string, cause: unknown): PostgresError {
  return new PostgresError("unavailable", message, cause, 500);
}
