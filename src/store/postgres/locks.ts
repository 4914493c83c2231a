import type { Statement } from "./session.js";

/** PostgreSQL's advisory locks are numbers that all users of a database share: ours are these, under a number of Posta's. */
const posta = 0x706f7374;

/** What Posta's processes do one at a time. */
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

/** Tells whether nobody has a lock, on any connection: it is taken, shared with others who ask, and given back at once. */
export function probeLock(lock: Lock): Statement {
  return {
    name: `probe-${lock}`,
    text: `SELECT pg_try_advisory_xact_lock_shared(${posta}, ${locks[lock]}) AS free`,
  };
}

/** A transaction's waits for locks end soon, with "unavailable": who comes after one that waits for a whole table waits too. */
export const waitBriefly = "SET LOCAL lock_timeout = '200ms'";
