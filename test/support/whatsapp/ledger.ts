/** A message that the API took: whatever became of its answer. */
export interface LedgerEntry {
  /** When, in milliseconds since 1970, with fractions. */
  at: number;
  sender: string;
  to: string;
  type: string;
  wamid: string;
  /** Its biz_opaque_callback_data. */
  bizId: string | undefined;
}

/** What was really taken, in order. */
export class Ledger {
  readonly entries: LedgerEntry[] = [];

  add(entry: LedgerEntry): void {
    this.entries.push(entry);
  }

  /** Those with this biz_opaque_callback_data: more than one is a message that was sent twice. */
  of(bizId: string): LedgerEntry[] {
    return this.entries.filter((entry) => entry.bizId === bizId);
  }

  /** The most that any second had, of one number or of all. */
  busiestSecond(sender?: string): number {
    const times = this.entries.filter((entry) => !sender || entry.sender === sender).map(({ at }) => at);
    let first = 0;
    let most = 0;
    for (const [index, at] of times.entries()) {
      while ((times[first] as number) <= at - 1000) first += 1;
      most = Math.max(most, index - first + 1);
    }
    return most;
  }
}
