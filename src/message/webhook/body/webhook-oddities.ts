import type { Logger } from "../../../telemetry/log/log.js";

/** Why parts of a body are left out. */
export type SkipReason = "foreign-status" | "other-status" | "other-field" | "malformed";

/** Fields that Posta reads. If a field is missing or odd, a stand-in takes its place. */
export type OddField =
  | "metadata.phone_number_id"
  | "message.id"
  | "message.from"
  | "message.timestamp"
  | "message.type"
  | "status.id"
  | "status.timestamp"
  | "status.errors";

/** A part of a webhook that Posta has no use for. */
export interface OtherPart {
  /** The part's kind, in WhatsApp's words: "status.played", "field.account_update". */
  kind: string;
  /** Our number, by its phone number id. "unknown": WhatsApp does not give it. */
  sender: string;
  at: Date;
  json: unknown;
}

/** The most parts of one body that are kept one by one. If there are more, the whole body is kept. */
const maxParts = 1000;
/** The most kinds that a process logs, each once. */
const maxKinds = 256;

/** What a body has that Posta does not understand. */
export class WebhookOddities {
  readonly skipped = new Map<SkipReason, number>();
  readonly fields = new Map<OddField, number>();
  readonly parts: OtherPart[] = [];
  /** Whether there are more parts than {@link parts} has. */
  isCut = false;

  /** A used part has a field that is missing or odd. */
  addField(field: OddField): void {
    this.fields.set(field, (this.fields.get(field) ?? 0) + 1);
  }

  /** A part is left out. `part` is kept. It is undefined if the part may belong to another user of the number. */
  skip(reason: SkipReason, part?: OtherPart): void {
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1);
    if (!part) return;
    if (this.parts.length < maxParts) this.parts.push(part);
    else this.isCut = true;
  }
}

/** Logs each kind of oddity once in the life of a process. Otherwise a new version of the API would fill the log. */
export class OddityLog {
  private readonly logged = new Set<string>();

  constructor(private readonly logger: Logger) {}

  log({ fields, parts }: WebhookOddities): void {
    for (const field of fields.keys())
      this.logOnce(field, "a webhook's field is missing or odd: a stand-in takes its place");
    for (const { kind } of parts)
      this.logOnce(kind, "a webhook has a part that Posta has no use for: Posta keeps it in inbound_messages");
  }

  private logOnce(kind: string, message: string): void {
    if (this.logged.has(kind) || this.logged.size >= maxKinds) return;
    this.logged.add(kind);
    this.logger.warn({ kind }, message);
  }
}
