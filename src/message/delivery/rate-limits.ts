import { rethrowStoreError } from "../../store/redis/errors.js";
import { defineScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";

export interface Rates {
  /** Messages a second from one number; 0: no limit. */
  perSecond: number;
  /** Time between messages of a pair of number and recipient, in milliseconds, beyond its burst; 0: no limit. */
  pairIntervalMs: number;
  pairBurst: number;
}

/** Permission to send messages. */
export interface Permit {
  count: number;
  /** When to ask for the next, in milliseconds from now. */
  nextMs: number;
  /** When they count as sent, in microseconds since 1970 by Redis' clock. */
  sentMicros: number;
  /** It was given so long ago that what is sent by it now would come too near to what follows. */
  isStale: boolean;
}

/** A process that is late finds answers long after they came. */
const staleMs = 8;
/**
 * A second as WhatsApp counts it, in microseconds: messages take different times to get there, so that what was sent within
 * a little more than a second may be there within one. Permits come a little further apart still, so that one that came
 * late need not put off those of the next second.
 */
const windowMicros = 1_015_000;
const evenMicros = 1_016_000;
/** What a process that was late may catch up with, in microseconds. */
const lagMicros = 500_000;
/** The same for a pair, as a part of its interval, and how much longer than WhatsApp's that is. */
const pairMargin = 0.1;
const pairSlack = 1.01;

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

  /** Exists while a number pauses. */
  paused(sender: string): string {
    return `${this.prefix}:posta-hold:${sender}`;
  }

  /** Up to when a number has used its rate for a recipient. */
  pair(sender: string, recipient: string): string {
    return `${this.prefix}:posta-pair:${sender}:${recipient}`;
  }

  /** The messages to a recipient that were put off, and when each may be sent. */
  putOff(sender: string, recipient: string): string {
    return `${this.prefix}:posta-pair-turns:${sender}:${recipient}`;
  }
}

/** The rates that WhatsApp sets, kept over all processes that send. Throws unavailable while Redis is out of reach. */
export class Limits {
  private readonly takePermits: Script<[number, number, number, number]>;
  private readonly takeTurn: Script<number>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: LimitKeys,
    private readonly rates: Rates,
  ) {
    this.takePermits = defineScript(store.client, "take-permits", 3);
    this.takeTurn = defineScript(store.client, "take-turn", 2);
  }

  /** Whether numbers have a rate. */
  get isPaced(): boolean {
    return this.rates.perSecond > 0;
  }

  /**
   * Asks for permission to send `wanted` messages of a number now, which may get there up to `delayMs` later than usual. A permit
   * that was not used is given back with it.
   */
  async permit(sender: string, wanted: number, delayMs: number, unused?: Permit): Promise<Permit> {
    this.store.requireUsable();
    const keys = [this.keys.pace(sender), this.keys.log(sender), this.keys.paused(sender)];
    const { perSecond } = this.rates;
    const rate = [perSecond, windowMicros, perSecond && Math.round(evenMicros / perSecond), lagMicros, delayMs * 1000];
    const args = [wanted, ...rate, unused?.count ?? 0, unused?.sentMicros ?? 0];
    const [count, nextMicros, sentMicros, givenMicros] = await this.takePermits(keys, args).catch(rethrowStoreError);
    const isStale = givenMicros > 0 && this.store.toRedisTime(Date.now()) - givenMicros / 1000 > staleMs;
    return { count, nextMs: nextMicros / 1000, sentMicros, isStale };
  }

  /** In how many milliseconds a message may be sent to its recipient. 0: now, and it counts as sent. */
  async pairDelay(sender: string, recipient: string, id: string): Promise<number> {
    const { pairIntervalMs, pairBurst } = this.rates;
    if (pairIntervalMs === 0) return 0;
    this.store.requireUsable();
    const interval = Math.round(pairIntervalMs * 1000 * pairSlack);
    const ahead = Math.max(0, Math.round((pairBurst - 1 - pairMargin) * interval));
    const keys = [this.keys.pair(sender, recipient), this.keys.putOff(sender, recipient)];
    return (await this.takeTurn(keys, [id, interval, ahead]).catch(rethrowStoreError)) / 1000;
  }

  /** Lets a number send nothing for a while, in all processes. */
  async pauseSender(sender: string, forMs: number): Promise<void> {
    await this.store.client.set(this.keys.paused(sender), 1, "PX", forMs).catch(rethrowStoreError);
  }
}
