import { invalid } from "../../errors/posta-error.js";

/**
 * What a request in JSON may hold. A full request of 10,000 jobs with all their options has 60,000 objects and lists, and 200,000
 * values. More would block the server while JSON.parse builds it.
 */
const most = { depth: 100, containers: 100_000, values: 500_000, names: 2000 };
/** A shorter text holds nothing that takes long: most requests are not looked at. */
const fewBytes = 16 << 10;

/**
 * Looks at a JSON text before anything is built of it. Throws invalid where the text nests too deep, or holds too many objects,
 * values, or different names of fields: V8 takes long for objects that are all of different shapes. The text may be malformed.
 */
export function requireBoundedJson(bytes: Buffer): void {
  if (bytes.length > fewBytes) new JsonScan(bytes).run();
}

class JsonScan {
  private depth = 0;
  private containers = 0;
  private values = 0;
  private readonly names = new Set<string>();
  /** Where the last text began, behind its quote. */
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

  /** Answers where the closing quote is. */
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
