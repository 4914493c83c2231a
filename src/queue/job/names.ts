import { requireText } from "../../errors/check-text.js";
import { invalid, show } from "../../errors/posta-error.js";

/**
 * The names of the keys of a queue, without the prefix: BullMQ's and Posta's. A job with such an id would overwrite the
 * queue itself.
 */
const reservedIds = new Set(
  (
    "active wait waiting waiting-children paused id delayed prioritized priority stalled-check completed failed stalled " +
    "repeat limiter meta events pc marker de 0 posta-cancels posta-lease-check"
  ).split(" "),
);

const maxNameBytes = 128;
/** The longest id of a job that Posta adds, in bytes of UTF-8. */
export const maxIdBytes = maxNameBytes;
const maxJobNameBytes = 256;
/** Other producers may choose longer ids than Posta lets its callers choose. */
export const maxExistingIdBytes = 4096;

/** Throws unless a queue can have this name. */
export function requireQueueName(queue: string, field = "queue"): void {
  requireText(queue, field, maxNameBytes);
  if (queue.includes(":")) throw invalid(field, `${show(queue)} has a ':', which BullMQ keeps for its keys`);
}

/** The prefix of the names of Posta's own queues, such as the queues that messages are sent from. */
export const reservedPrefix = "posta-";

/** Whether a queue is one of Posta's own. */
export function isReserved(queue: string): boolean {
  return queue.startsWith(reservedPrefix);
}

/** Throws if the queue is one of Posta's own. Callers may not add to such a queue, nor change or remove its jobs. */
export function requireUnreserved(queue: string, field = "queue"): void {
  if (isReserved(queue)) throw invalid(field, `${show(queue)} is reserved: "posta-" begins the names of Posta's own`);
}

/** Throws unless a job can have this id. BullMQ makes keys from ids, and uses numbers as its own ids. */
export function requireJobId(id: string, field: string): void {
  requireText(id, field, maxIdBytes);
  if (id.includes(":")) throw invalid(field, `${show(id)} has a ':', which BullMQ keeps for its keys`);
  if (/^-?\d+$/.test(id)) throw invalid(field, `${show(id)} is a number, and BullMQ keeps those for its own ids`);
  if (reservedIds.has(id)) throw invalid(field, `${show(id)} is the name of a key of the queue`);
}

/**
 * Throws unless an existing job can have this id. BullMQ and its older versions take any text, so only impossible ids
 * are refused. A script checks the key's shape, so an id never addresses a key of the queue itself.
 */
export function requireExistingJobId(id: string, field = "job_id"): void {
  if (id === "") throw invalid(field, "is required");
  const bytes = Buffer.byteLength(id);
  if (bytes > maxExistingIdBytes) throw invalid(field, `${show(id)} has ${bytes} bytes, over ${maxExistingIdBytes}`);
  if (!id.isWellFormed()) throw invalid(field, `${show(id)} is not valid UTF-8`);
}

export function requireJobName(name: string, field: string): void {
  requireText(name, field, maxJobNameBytes);
}

export function requireDeduplicationId(id: string, field: string): void {
  requireText(id, field, maxNameBytes);
}
