import type { Statement } from "./session.js";

/** All users of a database share PostgreSQL's advisory locks, which are numbers. Posta's begin with this number. */
const posta = 0x706f7374;

/** The work that Posta's processes do one at a time. */
const locks = { migrations: 1, partitions: 2, rollUp: 3, outbox: 4, spool: 5 } as const;
export type Lock = keyof typeof locks;

/** Waits for a lock and holds it until the transaction ends. */
export function lockFor(lock: Lock): Statement {
  return { name: `lock-${lock}`, text: `SELECT pg_advisory_xact_lock(${posta}, ${locks[lock]})` };
}

/** Takes a lock if nobody has it, and holds it as long as the session lasts. */
export function tryLock(lock: Lock): Statement {
  return { name: `try-${lock}`, text: `SELECT pg_try_advisory_lock(${posta}, ${locks[lock]}) AS elected` };
}

/** Whether a lock is free; for any connection. Takes it shared, so that others may ask too, and frees it at once. */
export function probeLock(lock: Lock): Statement {
  return {
    name: `probe-${lock}`,
    text: `SELECT pg_try_advisory_xact_lock_shared(${posta}, ${locks[lock]}) AS free`,
  };
}

/** Ends a transaction's waits for locks soon, with "unavailable": others wait behind a wait for a whole table. */
export const waitBriefly = "SET LOCAL lock_timeout = '200ms'";
