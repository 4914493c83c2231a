import type { RedisStore } from "../store/redis.js";
import { toStoreError } from "../store/redis-errors.js";
import { defineScript, type Script } from "../store/scripts.js";
import type { LimitKeys } from "./keys.js";

export interface Rates {
  /** Messages a second from one number; 0: no limit. */
  perSecond: number;
  /** Time between messages of a pair of number and recipient, in milliseconds, beyond its burst; 0: no limit. */
  pairIntervalMs: number;
  pairBurst: number;
}

/**
 * A second as WhatsApp counts it, in microseconds: messages take different times to get there, so that what was sent within
 * a little more than a second may be there within one.
 */
const windowMicros = 1_015_000;
/** What a process that was late may catch up with, in microseconds. */
const lagMicros = 200_000;
/** The same for a pair, as a part of its interval, and how much longer than WhatsApp's that is. */
const pairMargin = 0.1;
const pairSlack = 1.01;

/** The rates that WhatsApp sets, kept over all processes that send. Throws unavailable while Redis is out of reach. */
export class Limits {
  private readonly takePermits: Script<[number, number]>;
  private readonly takeTurn: Script<number>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: LimitKeys,
    private readonly rates: Rates,
  ) {
    this.takePermits = defineScript(store.client, "take-permits", 3);
    this.takeTurn = defineScript(store.client, "take-turn", 2);
  }

  /** Asks for leave to send `wanted` messages of a number now; answers for how many, and when to ask for the next. */
  async permits(sender: string, wanted: number): Promise<{ given: number; nextMs: number }> {
    this.store.requireUsable();
    const keys = [this.keys.pace(sender), this.keys.log(sender), this.keys.hold(sender)];
    const args = [wanted, this.rates.perSecond, windowMicros, lagMicros];
    const [given, nextMicros] = await this.takePermits(keys, args).catch(rethrow);
    return { given, nextMs: nextMicros / 1000 };
  }

  /** In how many milliseconds a message has its turn among those to its recipient; 0: now, and it counts as sent. */
  async turn(sender: string, recipient: string, id: string): Promise<number> {
    const { pairIntervalMs, pairBurst } = this.rates;
    if (pairIntervalMs === 0) return 0;
    this.store.requireUsable();
    const interval = Math.round(pairIntervalMs * 1000 * pairSlack);
    const ahead = Math.max(0, Math.round((pairBurst - 1 - pairMargin) * interval));
    const keys = [this.keys.pair(sender, recipient), this.keys.turns(sender, recipient)];
    return (await this.takeTurn(keys, [id, interval, ahead]).catch(rethrow)) / 1000;
  }

  /** Lets a number send nothing for a while, in no process. */
  async hold(sender: string, forMs: number): Promise<void> {
    await this.store.client.set(this.keys.hold(sender), 1, "PX", forMs).catch(rethrow);
  }
}

function rethrow(error: unknown): never {
  throw toStoreError(error);
}
