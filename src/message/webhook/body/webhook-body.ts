import { type InboundMessage, readMessage } from "./webhook-message.js";
import { WebhookOddities } from "./webhook-oddities.js";
import { type ForeignStatus, readStatus, type StatusUpdate } from "./webhook-status.js";
import { type JsonObject, toList, toObject, toText, toWord } from "./webhook-values.js";

/** The content of a webhook's body. */
export interface WebhookContent {
  statuses: StatusUpdate[];
  /** Statuses without Posta's id. Some of them may belong to Posta's messages. */
  foreign: ForeignStatus[];
  inbound: InboundMessage[];
  oddities: WebhookOddities;
}

/** What the readers of a part need from the JSON around it. */
interface Surroundings {
  sender: string;
  contacts: unknown[];
  receivedAt: Date;
}

/** Members of a change's value that Posta reads, or that only describe the others. */
const knownMembers = new Set(["messaging_product", "metadata", "contacts", "statuses", "messages"]);

/**
 * Reads the JSON of a webhook that came at `receivedAt`, whatever the JSON is. Each part is read by itself, and used as
 * far as Posta understands it. The API grows, and nobody sends an ignored part again. Parts that are not used are among
 * the oddities.
 */
export function parseWebhook(json: unknown, receivedAt: Date): WebhookContent {
  const reader = new Reader(receivedAt);
  reader.readBody(json);
  return reader.content;
}

class Reader {
  readonly content: WebhookContent = { statuses: [], foreign: [], inbound: [], oddities: new WebhookOddities() };

  constructor(private readonly receivedAt: Date) {}

  readBody(json: unknown): void {
    const { entry } = toObject(json) ?? {};
    const list = entry ? toList(entry) : undefined;
    if (!list) this.skipMalformed("body", json);
    else for (const one of list) this.readEntry(one);
  }

  private readEntry(json: unknown): void {
    const { changes } = toObject(json) ?? {};
    const list = changes ? toList(changes) : undefined;
    if (!list) this.skipMalformed("entry", json);
    else for (const change of list) this.readChange(change);
  }

  private readChange(json: unknown): void {
    const change = toObject(json);
    const word = toWord(change?.field);
    const value = toObject(change?.value);
    // If the field has no name, the value shows whether the change is about messages.
    const isOfMessages = word === "messages" || (word === undefined && hasMessages(value));
    if (isOfMessages && value) this.readValue(value);
    else if (isOfMessages || !change) this.skipMalformed("change", json);
    else this.skipOther(`field.${word ?? "unknown"}`, json);
  }

  private readValue(value: JsonObject): void {
    const around = this.readSurroundings(value);
    for (const json of this.listOf(value, "statuses")) {
      const part = toObject(json);
      if (part) this.readStatus(part, around);
      else this.skipMalformed("status", json, around.sender);
    }
    for (const json of this.listOf(value, "messages")) {
      this.content.inbound.push(readMessage(json, around, this.content.oddities));
    }
    for (const member of Object.keys(value)) {
      if (knownMembers.has(member)) continue;
      this.skipOther(`messages.${toWord(member) ?? "unknown"}`, value[member], around.sender);
    }
  }

  private readStatus(json: JsonObject, around: Surroundings): void {
    const status = readStatus(json, around, this.content.oddities);
    if (!status) return;
    if (status.messageId === undefined) this.content.foreign.push(status);
    else this.content.statuses.push(status);
  }

  private readSurroundings({ metadata, contacts }: JsonObject): Surroundings {
    const sender = toText(toObject(metadata)?.phone_number_id);
    if (sender === undefined) this.content.oddities.addField("metadata.phone_number_id");
    return { sender: sender ?? "unknown", contacts: toList(contacts) ?? [], receivedAt: this.receivedAt };
  }

  /** A value that is not a list counts as one item. */
  private listOf(value: JsonObject, member: string): unknown[] {
    return toList(value[member]) ?? [value[member]];
  }

  private skipOther(kind: string, json: unknown, sender = "unknown"): void {
    this.content.oddities.skip("other-field", { kind, sender, at: this.receivedAt, json });
  }

  private skipMalformed(what: string, json: unknown, sender = "unknown"): void {
    this.content.oddities.skip("malformed", { kind: `malformed.${what}`, sender, at: this.receivedAt, json });
  }
}

function hasMessages(value: JsonObject | undefined): boolean {
  return value?.statuses !== undefined || value?.messages !== undefined;
}
