/** How much of a stream's capacity a message uses until it is done. */
export interface Weight {
  items: number;
  /** UTF-8 bytes of the message's texts. */
  bytes: number;
}

/** How much of one stream may be open. Beyond this, Posta pauses reading the stream. */
const most: Weight = { items: 2000, bytes: 1 << 20 };

/** What was read of one stream and is not done yet. One message may exceed the limits: its weight is known only then. */
export class OpenWeight {
  private readonly open: Weight = { items: 0, bytes: 0 };

  get isFull(): boolean {
    return this.open.items >= most.items || this.open.bytes >= most.bytes;
  }

  /** No item is open. */
  get isEmpty(): boolean {
    return this.open.items === 0;
  }

  add({ items, bytes }: Weight): void {
    this.open.items += items;
    this.open.bytes += bytes;
  }

  /** Takes off what is done. Items and bytes of a message may be done at different times. */
  remove({ items = 0, bytes = 0 }: Partial<Weight>): void {
    this.open.items -= items;
    this.open.bytes -= bytes;
  }
}

/** UTF-8 bytes of all texts of a message: for messages of many forms. */
export function textBytesOf(message: unknown): number {
  if (typeof message === "string") return Buffer.byteLength(message);
  if (typeof message !== "object" || message === null) return 0;
  let bytes = 0;
  for (const part of Object.values(message)) bytes += textBytesOf(part);
  return bytes;
}
