import { invalid } from "../errors.js";
import { type InboundMessage, readMessage } from "./webhook-message.js";
import { WebhookOddities } from "./webhook-oddities.js";
import { readStatus, type StatusUpdate } from "./webhook-status.js";
import { type JsonObject, toList, toObject, toText, toWord } from "./webhook-values.js";

/** What a webhook's body says. */
export interface WebhookContent {
  statuses: StatusUpdate[];
  inbound: InboundMessage[];
  oddities: WebhookOddities;
}

/** What a part's readers have to know of what is around it. */
interface Surroundings {
  sender: string;
  contacts: unknown[];
  receivedAt: Date;
}

/** Members of a change's value that are read, or that describe the others. */
const knownMembers = new Set(["messaging_product", "metadata", "contacts", "statuses", "messages"]);

/**
 * Reads the JSON of a webhook that came at `receivedAt`. Each of its parts stands alone, and is used as far as it can be
 * understood: the API grows, and nobody sends again what was left out. Throws invalid for what is no webhook at all.
 */
export function parseWebhook(json: unknown, receivedAt: Date): WebhookContent {
  const entries = toObject(json)?.entry;
  if (!Array.isArray(entries)) throw invalid("body", 'is no webhook of WhatsApp: it has no list "entry"');
  const reader = new Reader(receivedAt);
  for (const entry of entries) reader.readEntry(entry);
  return reader.content;
}

class Reader {
  readonly content: WebhookContent = { statuses: [], inbound: [], oddities: new WebhookOddities() };

  constructor(private readonly receivedAt: Date) {}

  readEntry(json: unknown): void {
    const { changes } = toObject(json) ?? {};
    const list = changes ? toList(changes) : undefined;
    if (!list) this.skipMalformed("entry", json);
    else for (const change of list) this.readChange(change);
  }

  private readChange(json: unknown): void {
    const change = toObject(json);
    const word = toWord(change?.field);
    const value = toObject(change?.value);
    // Without the field's name, what it holds tells what it is.
    const isOfMessages = word === "messages" || (word === undefined && hasMessages(value));
    if (isOfMessages && value) this.readValue(value);
    else if (isOfMessages || !change) this.skipMalformed("change", json);
    else this.skipOther(`field.${word ?? "unknown"}`, json);
  }

  private readValue(value: JsonObject): void {
    const around = this.readSurroundings(value);
    for (const [part, json] of this.listOf(value, "statuses")) {
      const status = part && readStatus(part, around, this.content.oddities);
      if (!part) this.skipMalformed("status", json, around.sender);
      if (status) this.content.statuses.push(status);
    }
    for (const [part, json] of this.listOf(value, "messages")) {
      if (part) this.content.inbound.push(readMessage(part, around, this.content.oddities));
      else this.skipMalformed("message", json, around.sender);
    }
    for (const member of Object.keys(value)) {
      if (knownMembers.has(member)) continue;
      this.skipOther(`messages.${toWord(member) ?? "unknown"}`, value[member], around.sender);
    }
  }

  private readSurroundings({ metadata, contacts }: JsonObject): Surroundings {
    const sender = toText(toObject(metadata)?.phone_number_id);
    if (sender === undefined) this.content.oddities.addField("metadata.phone_number_id");
    return { sender: sender ?? "unknown", contacts: toList(contacts) ?? [], receivedAt: this.receivedAt };
  }

  /** Each item as an object, if it is one, and as it came. */
  private listOf(value: JsonObject, member: string): [JsonObject | undefined, unknown][] {
    const list = toList(value[member]) ?? [value[member]];
    return list.map((json) => [toObject(json), json]);
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
