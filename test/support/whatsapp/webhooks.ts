import { randomBytes } from "node:crypto";
import { request } from "undici";
import type { LedgerEntry } from "./ledger.js";
import { Statuses, type StatusOptions } from "./statuses.js";
import { messageChange } from "./webhook-body.js";
import { WebhookSender, type WebhookTarget } from "./webhook-sender.js";

/** All in order, once, within a tenth of a second. */
const defaults: StatusOptions = {
  sentMs: 20,
  deliveredMs: 50,
  readMs: 100,
  failShare: 0,
  failCode: 131026,
  skipShare: 0,
  duplicateShare: 0,
  shuffleShare: 0,
  until: "read",
};

/** The webhooks of the stand-in. Without a target there are none. */
export class Webhooks {
  private readonly sender: WebhookSender | undefined;
  private readonly statuses: Statuses | undefined;

  constructor(
    private readonly target: WebhookTarget | undefined,
    statuses: Partial<StatusOptions>,
    random: () => number,
  ) {
    if (!target) return;
    const sender = new WebhookSender(target);
    this.sender = sender;
    this.statuses = new Statuses({ ...defaults, ...statuses }, random, (change) => sender.send(change));
  }

  /** Statuses and messages that have not been told, or not been taken by the other side. */
  get pending(): number {
    return (this.statuses?.pending ?? 0) + (this.sender?.pending ?? 0);
  }

  /** A message was taken: its statuses will come. */
  follow(entry: LedgerEntry): void {
    this.statuses?.follow(entry);
  }

  /** Somebody sends a text to a number; answers the message's id. */
  receive(sender: string, from: string, text: string): string {
    const id = `wamid.${randomBytes(24).toString("base64url")}`;
    this.sender?.send(messageChange(sender, from, id, text));
    return id;
  }

  /** Asks the target whether it is the right one, as when its address is entered. */
  async confirm(verifyToken: string): Promise<boolean> {
    const url = new URL((this.target as WebhookTarget).url);
    const challenge = randomBytes(8).toString("hex");
    url.search = String(
      new URLSearchParams({ "hub.mode": "subscribe", "hub.verify_token": verifyToken, "hub.challenge": challenge }),
    );
    const { statusCode, body } = await request(url);
    return (await body.text()) === challenge && statusCode === 200;
  }

  async stop(): Promise<void> {
    this.statuses?.stop();
    await this.sender?.stop();
  }
}
