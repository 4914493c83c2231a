import { rethrowStoreError } from "../../store/redis/errors.js";
import { defineScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";

export interface Rates {
  /** Messages a second from one number. 0: no limit. */
  perSecond: number;
  /** Milliseconds between messages from one number to one recipient, after the pair's burst. 0: no limit. */
  pairIntervalMs: number;
  pairBurst: number;
}

/** Permission to send messages. */
export interface Permit {
  count: number;
  /** When to ask for the next permit, in milliseconds from now. */
  nextMs: number;
  /** When the messages count as sent, in microseconds since 1970 by Redis' clock. */
  sentMicros: number;
  /** The permit is too old: messages sent now would arrive too close to the messages of later permits. */
  isStale: boolean;
}

/** Above this age a permit is stale. A process that is late finds answers long after they came. */
const staleMs = 8;
/**
 * WhatsApp's second, in microseconds, with a margin. Messages take different times to arrive, so messages sent within a
 * little more than a second may arrive within one second. `evenMicros`, over which permits are spread, is a little
 * longer still: so a late permit need not delay the permits of the next second.
 */
const windowMicros = 1_015_000;
const evenMicros = 1_016_000;
/** How much of the missed rate a late process may catch up with, in microseconds. */
const lagMicros = 500_000;
/**
 * For a pair of number and recipient. The pair may send ahead less than its burst, by `pairMargin` of its interval. Its
 * interval is `pairSlack` times WhatsApp's interval.
 */
const pairMargin = 0.1;
const pairSlack = 1.01;

/** The Redis keys of the sending rates. They are beside BullMQ's keys, under the same prefix. */
export class LimitKeys {
  constructor(private readonly prefix: string) {}

  /** The time up to which a number has used its rate. */
  pace(sender: string): string {
    return `${this.prefix}:posta-pace:${sender}`;
  }

  /** The times at which a number has sent within the last second. */
  log(sender: string): string {
    return `${this.prefix}:posta-pace-log:${sender}`;
  }

  /** Exists while a number pauses. */
  paused(sender: string): string {
    return `${this.prefix}:posta-hold:${sender}`;
  }

  /** The time up to which a number has used its rate for a recipient. */
  pair(sender: string, recipient: string): string {
    return `${this.prefix}:posta-pair:${sender}:${recipient}`;
  }

  /** The messages to a recipient that are postponed, and when each may be sent. */
  putOff(sender: string, recipient: string): string {
    return `${this.prefix}:posta-pair-turns:${sender}:${recipient}`;
  }
}

/** Keeps the rates that WhatsApp sets, over all processes that send. Throws unavailable while Redis is out of reach. */
export class Limits {
  private readonly takePermits: Script<[number, number, number, number]>;
  private readonly takeTurn: Script<number>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: LimitKeys,
    private readonly rates: Rates,
  ) {
    this.takePermits = defineScript(store.client, "message/take-permits", 3);
    this.takeTurn = defineScript(store.client, "message/take-turn", 2);
  }

  /** Whether there is a limit on messages a second. */
  get isPaced(): boolean {
    return this.rates.perSecond > 0;
  }

  /**
   * Asks for permission to send `wanted` messages of a number now. The messages may arrive up to `delayMs` later than
   * usual. `unused` is a permit that was not used: this call gives it back.
   */
  async permit(sender: string, wanted: number, delayMs: number, unused?: Permit): Promise<Permit> {
    this.store.requireUsable();
    const keys = [this.keys.pace(sender), this.keys.log(sender), this.keys.paused(sender)];
    const { perSecond } = this.rates;
    const rate = [perSecond, windowMicros, perSecond && Math.round(evenMicros / perSecond), lagMicros, delayMs * 1000];
    const args = [wanted, ...rate, unused?.count ?? 0, unused?.sentMicros ?? 0];
    const [count, nextMicros, sentMicros, givenMicros] = await this.takePermits(keys, args).catch(rethrowStoreError);
    const isStale = givenMicros > 0 && this.store.clock.now() - givenMicros / 1000 > staleMs;
    return { count, nextMs: nextMicros / 1000, sentMicros, isStale };
  }

  /** In how many milliseconds a message may be sent to its recipient. 0: now, and the message counts as sent. */
  async pairDelay(sender: string, recipient: string, id: string): Promise<number> {
    const { pairIntervalMs, pairBurst } = this.rates;
    if (pairIntervalMs === 0) return 0;
    this.store.requireUsable();
    const interval = Math.round(pairIntervalMs * 1000 * pairSlack);
    const ahead = Math.max(0, Math.round((pairBurst - 1 - pairMargin) * interval));
    const keys = [this.keys.pair(sender, recipient), this.keys.putOff(sender, recipient)];
    return (await this.takeTurn(keys, [id, interval, ahead]).catch(rethrowStoreError)) / 1000;
  }

  /** Keeps a number from sending for a while, in all processes. */
  async pauseSender(sender: string, forMs: number): Promise<void> {
    await this.store.client.set(this.keys.paused(sender), 1, "PX", forMs).catch(rethrowStoreError);
  }
}
