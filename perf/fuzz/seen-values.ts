import type { Random } from "./random.js";

const kept = 64;
const idName = /(^|_)id$/;

type SeenKind = "id" | "token" | "lease";

/** Ids and tokens that answers brought: with them later calls meet what is there. */
export class SeenValues {
  private readonly values = { id: [] as string[], token: [] as string[], lease: [] as string[] };
  private readonly next = { id: 0, token: 0, lease: 0 };

  /** Takes what an answer has, as protobufjs decoded it. */
  learn(answer: unknown, depth = 0): void {
    if (typeof answer !== "object" || answer === null || Buffer.isBuffer(answer) || depth > 4) return;
    for (const [name, value] of Object.entries(answer).slice(0, 40)) {
      if (typeof value !== "string") this.learn(value, depth + 1);
      else if (value !== "" && idName.test(name)) this.keep("id", value);
      else if (value !== "" && name === "next_page_token") this.keep("token", value);
      else if (value !== "" && name === "lease_token") this.keep("lease", value);
    }
  }

  /** undefined: none was seen yet. */
  draw(kind: SeenKind, random: Random): string | undefined {
    const values = this.values[kind];
    // Drawn in either case: what a case draws later must not depend on what was seen.
    const share = random.share();
    return values[Math.floor(share * values.length)];
  }

  private keep(kind: SeenKind, value: string): void {
    this.values[kind][this.next[kind]++ % kept] = value;
  }
}
