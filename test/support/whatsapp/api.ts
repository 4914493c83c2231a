import { randomBytes } from "node:crypto";
import { checkBody, type GoodBody } from "./check-body.js";
import type { Refusal } from "./errors.js";
import type { Ledger, LedgerEntry } from "./ledger.js";
import { type LimitOptions, PairLimit, SlidingSecond } from "./limits.js";
import type { KnownTemplate } from "./template-body.js";
import { displayNumber } from "./webhook-body.js";

export interface ApiOptions {
  version: string;
  /** The phone number ids that are there; unset: any. */
  senders: string[] | undefined;
  /** The only recipients that may be written to, as with a test number; unset: any. */
  recipients: string[] | undefined;
  /** Unset: every template is there, with any parameters. */
  templates: KnownTemplate[] | undefined;
  limits: LimitOptions;
}

/** What comes in at `POST /{version}/{sender}/messages`. */
export interface Call {
  version: string;
  sender: string;
  authorization: string | undefined;
  text: string;
}

/** A message that was taken, with the recipient as the request has it. */
export interface Taken {
  entry: LedgerEntry;
  input: string;
}

/** The rules of the Cloud API: which requests it takes, and why not the others. */
export class CloudApi {
  private readonly second: SlidingSecond;
  private readonly pairs: PairLimit;

  constructor(
    private readonly options: ApiOptions,
    private readonly ledger: Ledger,
    /** The one that is good now. */
    private readonly token: () => string,
  ) {
    const { rate, pairBurst, pairIntervalMs } = options.limits;
    this.second = new SlidingSecond(rate);
    this.pairs = new PairLimit(pairBurst, pairIntervalMs);
  }

  /** `fault`: the error that a good request gets this time. */
  take(call: Call, fault: Refusal | undefined): Taken | Refusal {
    const refusal = this.checkCall(call);
    if (refusal) return refusal;
    const body = checkBody(call.text, this.options.templates);
    if ("code" in body) return body;
    return (
      this.checkRecipient(call.sender, body.to) ??
      fault ??
      this.checkLimits(call.sender, body.to) ??
      this.keep(call, body)
    );
  }

  private checkCall({ version, sender, authorization }: Call): Refusal | undefined {
    if (authorization !== `Bearer ${this.token()}`) {
      return { code: 190, details: "The access token is expired, or was never valid" };
    }
    if (version !== this.options.version) return { code: 2500, details: `Unknown path components: /${version}` };
    const { senders } = this.options;
    if (!senders || senders.includes(sender)) return undefined;
    return { code: 100, details: `Object with ID '${sender}' does not exist, or cannot be loaded` };
  }

  private checkRecipient(sender: string, to: string): Refusal | undefined {
    if (to === displayNumber(sender)) return { code: 131021, details: "Sender and recipient are the same" };
    const { recipients } = this.options;
    if (!recipients || recipients.includes(to)) return undefined;
    return { code: 131030, details: `${to} is not in the allowed list` };
  }

  private checkLimits(sender: string, to: string): Refusal | undefined {
    const now = clock();
    if (!this.second.take(sender, now))
      return { code: 130429, details: "Cloud API message throughput has been reached" };
    if (this.pairs.take(sender, to, now)) return undefined;
    return { code: 131056, details: "Too many messages from this number to the same recipient in a short time" };
  }

  private keep({ sender }: Call, { input, to, type, bizId }: GoodBody): Taken {
    const wamid = `wamid.${randomBytes(24).toString("base64url")}`;
    const entry = { at: clock(), sender, to, type, wamid, bizId };
    this.ledger.add(entry);
    return { entry, input };
  }
}

/** Milliseconds since 1970 with fractions, that never step back. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}
