import type { Statement } from "./postgres-session.js";

/** PostgreSQL's advisory locks are numbers that all users of a database share: ours are these, under a number of Posta's. */
const posta = 0x706f7374;

/** What Posta's processes do one at a time. */
export const locks = { migrations: 1, partitions: 2 } as const;

/** Waits for a lock and holds it until the transaction ends. */
export function lockFor(lock: keyof typeof locks): Statement {
  return { name: `lock-${lock}`, text: `SELECT pg_advisory_xact_lock(${posta}, ${locks[lock]})` };
}
