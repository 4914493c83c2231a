/** The BullMQ queue of a sending number. */
export function queueOf(sender: string): string {
  return `posta-whatsapp-${sender}`;
}

/** The Redis keys that keep the rates of sending, beside BullMQ's and under the same prefix. */
export class LimitKeys {
  constructor(private readonly prefix: string) {}

  /** When a number may next send. */
  slot(sender: string): string {
    return `${this.prefix}:posta-slot:${sender}`;
  }

  /** When a number has sent as much to a recipient as one message each interval would be. */
  pair(sender: string, recipient: string): string {
    return `${this.prefix}:posta-pair:${sender}:${recipient}`;
  }

  /** The messages to a recipient that were told to come back, and when their turns are. */
  turns(sender: string, recipient: string): string {
    return `${this.prefix}:posta-pair-turns:${sender}:${recipient}`;
  }
}
