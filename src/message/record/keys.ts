/** The BullMQ queue of a sending number. */
export function queueOf(sender: string): string {
  return `posta-whatsapp-${sender}`;
}

/** The Redis keys that keep the rates of sending, beside BullMQ's and under the same prefix. */
export class LimitKeys {
  constructor(private readonly prefix: string) {}

  /** Up to when a number has used its rate. */
  pace(sender: string): string {
    return `${this.prefix}:posta-pace:${sender}`;
  }

  /** When a number has sent within the last second. */
  log(sender: string): string {
    return `${this.prefix}:posta-pace-log:${sender}`;
  }

  /** There while a number is to send nothing. */
  hold(sender: string): string {
    return `${this.prefix}:posta-hold:${sender}`;
  }

  /** Up to when a number has used its rate for a recipient. */
  pair(sender: string, recipient: string): string {
    return `${this.prefix}:posta-pair:${sender}:${recipient}`;
  }

  /** The messages to a recipient that were told to come back, and when their turns are. */
  turns(sender: string, recipient: string): string {
    return `${this.prefix}:posta-pair-turns:${sender}:${recipient}`;
  }
}
