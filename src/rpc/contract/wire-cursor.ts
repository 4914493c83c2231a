/** Protobuf's wire types. The wire type of a field says where its bytes end. */
export const WireType = { varint: 0, fixed64: 1, delimited: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const;

/**
 * Steps over the fields of an encoded protobuf message without building objects. Throws RangeError if the bytes end
 * before the message does.
 */
export class WireCursor {
  /** The number of the field that the cursor last stepped over. */
  field = 0;
  wireType = 0;
  /** Where a delimited field's content begins; it ends at `pos`. */
  start = 0;
  pos = 0;
  private limit: number;

  constructor(readonly bytes: Uint8Array) {
    this.limit = bytes.length;
  }

  /** Steps over the next field; false: the message ends here. */
  next(): boolean {
    if (this.pos >= this.limit) return false;
    const tag = this.readVarint();
    this.field = tag >>> 3;
    this.wireType = tag & 7;
    this.skipValue();
    return true;
  }

  /** Enters the content of the delimited field that the cursor just stepped over. Pass the result to `leave`. */
  enter(): number {
    const outer = this.limit;
    this.limit = this.pos;
    this.pos = this.start;
    return outer;
  }

  /** Leaves the entered field, and continues after it. */
  leave(outer: number): void {
    this.pos = this.limit;
    this.limit = outer;
  }

  private skipValue(): void {
    switch (this.wireType) {
      case WireType.varint:
        this.skipVarint();
        return;
      case WireType.fixed64:
        this.skip(8);
        return;
      case WireType.fixed32:
        this.skip(4);
        return;
      case WireType.delimited: {
        const length = this.readVarint();
        this.start = this.pos;
        this.skip(length);
        return;
      }
      default:
        // No type of the contract has groups, and protobufjs reads groups by recursion, which costs stack.
        throw new RangeError(`wire type ${this.wireType}`);
    }
  }

  private skip(length: number): void {
    this.pos += length;
    if (this.pos > this.limit) throw new RangeError("the message ends too early");
  }

  private skipVarint(): void {
    const { bytes, limit } = this;
    while (this.pos < limit) if ((bytes[this.pos++] as number) < 0x80) return;
    throw new RangeError("the message ends too early");
  }

  /** Reads the low 32 bits: tags and lengths have no more. */
  private readVarint(): number {
    const { bytes, limit } = this;
    let value = 0;
    for (let shift = 0; this.pos < limit; shift += 7) {
      const byte = bytes[this.pos++] as number;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError("the message ends too early");
  }
}
