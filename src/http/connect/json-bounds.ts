import { invalid } from "../../errors/posta-error.js";

/**
 * Limits of a JSON request. A full request of 10,000 jobs with all their options has 60,000 objects and lists, and
 * 200,000 values. A request beyond these limits would block the server while JSON.parse builds it.
 */
const most = { depth: 100, containers: 100_000, values: 500_000, names: 2000 };
/** A text of up to this many bytes is not scanned, because it is always fast to parse. Most requests are that short. */
const fewBytes = 16 << 10;

/**
 * Scans a JSON text before JSON.parse builds anything. Throws invalid if the text nests too deep, or has too many
 * objects, values or different field names. Field names count because V8 is slow with objects that all have different
 * shapes. The text may be malformed.
 */
export function requireBoundedJson(bytes: Buffer): void {
  if (bytes.length > fewBytes) new JsonScan(bytes).run();
}

class JsonScan {
  private depth = 0;
  private containers = 0;
  private values = 0;
  private readonly names = new Set<string>();
  /** The start of the last string, after its quote. */
  private textStart = 0;
  private textEnd = 0;

  constructor(private readonly bytes: Buffer) {}

  run(): void {
    const { bytes } = this;
    for (let at = 0; at < bytes.length; at += 1) {
      switch (bytes[at]) {
        case 0x22: // A quote.
          at = this.skipText(at);
          break;
        case 0x7b: // {
        case 0x5b: // [
          this.open();
          break;
        case 0x7d: // }
        case 0x5d: // ]
          this.depth -= 1;
          break;
        case 0x2c: // A comma.
          this.addValue();
          break;
        case 0x3a: // A colon.
          this.addName();
          break;
      }
    }
  }

  /** Answers the position of the closing quote. */
  private skipText(quote: number): number {
    const { bytes } = this;
    let at = quote + 1;
    while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1;
    this.textStart = quote + 1;
    this.textEnd = at;
    return at;
  }

  private open(): void {
    this.depth += 1;
    this.containers += 1;
    if (this.depth > most.depth) throw invalid("request", `nests over ${most.depth} deep`);
    if (this.containers > most.containers)
      throw invalid("request", `has over ${most.containers} objects and lists; send fewer items in a request`);
    this.addValue();
  }

  private addValue(): void {
    this.values += 1;
    if (this.values > most.values)
      throw invalid("request", `has over ${most.values} values; send fewer items in a request`);
  }

  private addName(): void {
    this.names.add(this.bytes.toString("latin1", this.textStart, this.textEnd));
    if (this.names.size > most.names) throw invalid("request", `has over ${most.names} different names of fields`);
  }
}
