import type { WorkReport, WorkRequest, WorkUpdate } from "../wire/messages.js";

/** Something that Posta is told until Posta has acknowledged it. */
interface EntryBase {
  /** About how many bytes it takes on the wire. */
  readonly bytes: number;
  /** Posta has acknowledged it. `isLost`: the lease is somebody else's, and nothing was changed. */
  settle(isLost: boolean): void;
  /** Posta will never take it. */
  refuse(problem: string): void;
}

export interface ReportEntry extends EntryBase {
  readonly kind: "report";
  readonly message: WorkReport;
}

export interface UpdateEntry extends EntryBase {
  readonly kind: "update";
  readonly message: WorkUpdate;
}

export type Entry = ReportEntry | UpdateEntry;

/** Posta takes 4 MiB in a message, by default. Smaller messages are handled sooner. */
const maxMessageBytes = 1 << 20;
/** A message that holds one entry of this size still fits. */
export const maxEntryBytes = (4 << 20) - (64 << 10);
/** A smaller entry is never why a server refuses a message as too large. */
const largeBytes = 64 << 10;
/** Ids, tokens, and what frames them. */
const overheadBytes = 256;
/** Below this, to count exactly costs more than it saves. */
const shortText = 1024;

/** About how many bytes an entry with this text takes on the wire. Exact for long texts. */
export function weigh(text: string): number {
  return overheadBytes + (text.length < shortText ? text.length : Buffer.byteLength(text));
}

/** Whether the entry may be more than a server takes. */
export function isLarge({ bytes }: Entry): boolean {
  return bytes > largeBytes;
}

/** Puts entries into as few messages as fit. Updates come first; no job has an update and a report at the same time. */
export function toRequests(entries: readonly Entry[]): WorkRequest[] {
  const requests: WorkRequest[] = [];
  let [updates, reports]: [WorkUpdate[], WorkReport[]] = [[], []];
  let bytes = 0;
  const close = () => {
    if (updates.length > 0) requests.push({ updates: { updates } });
    if (reports.length > 0) requests.push({ reports: { reports } });
    [updates, reports, bytes] = [[], [], 0];
  };
  for (const entry of entries) {
    if (bytes + entry.bytes > maxMessageBytes) close();
    if (entry.kind === "report") reports.push(entry.message);
    else updates.push(entry.message);
    bytes += entry.bytes;
  }
  close();
  return requests;
}
