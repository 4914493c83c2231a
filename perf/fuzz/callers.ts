import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

/** Who a case's calls come from. "nobody" sends no token, "stranger" one that nobody has. */
export type Caller = "owner" | "guest" | "stranger" | "nobody";

/** What the names that only the owner may use begin with, and those that the guest may use. */
export const ownedPrefix = "onlyowner";
export const sharedPrefix = "shared";
/** What the owner's payloads hold: nobody else may be answered it. */
export const ownersMark = "mark-of-the-owner";
/** The sending numbers: each of the two callers may use one. The stand-in for the Cloud API knows the first only. */
export const senders = { owner: "100000000000001", guest: "100000000000002" } as const;

/** The callers' tokens, of this run alone. */
export class Tokens {
  private readonly texts = {
    owner: randomBytes(24).toString("hex"),
    guest: randomBytes(24).toString("hex"),
    stranger: randomBytes(24).toString("hex"),
  };

  /** What must not be seen in an answer or a log. */
  get secrets(): string[] {
    return Object.values(this.texts);
  }

  /** The value of the header "authorization"; undefined: there is none. */
  headerOf(caller: Caller): string | undefined {
    return caller === "nobody" ? undefined : `Bearer ${this.texts[caller]}`;
  }

  /** Writes POSTA_AUTH_FILE. */
  write(file: string): void {
    const line = (caller: "owner" | "guest", prefix: string) => {
      const hash = createHash("sha256").update(this.texts[caller]).digest("hex");
      return `${caller} ${hash} ${prefix}*,${senders[caller]}`;
    };
    writeFileSync(file, `${line("owner", ownedPrefix)}\n${line("guest", sharedPrefix)}\n`);
  }
}
