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

/** When a message may be sent. */
export type Slot =
  /** At this moment, by this process' clock, in milliseconds since 1970. */
  | { kind: "at"; timeMs: number }
  /** The number has enough to do: ask again after so long. */
  | { kind: "ahead"; waitMs: number }
  /** The recipient gets too many: the message has a turn after so long. */
  | { kind: "pair"; waitMs: number };

/** WhatsApp's clock and the way to it are not ours: what is sent evenly by our clock may come unevenly by its. */
const slack = 1.01;
/** Slots that are further ahead are not given: what waits for them could not be overtaken by what is more urgent. */
const maxAheadMs = 2000;

/** The rates that WhatsApp sets, kept over all processes that send. Throws unavailable while Redis is out of reach. */
export class Limits {
  private readonly takeSlot: Script<[Slot["kind"] | "slot", number]>;
  private readonly holdSlots: Script<void>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: LimitKeys,
    private readonly rates: Rates,
  ) {
    this.takeSlot = defineScript(store.client, "take-slot", 3);
    this.holdSlots = defineScript(store.client, "hold-slots", 1);
  }

  /** Takes the next slot for a message. */
  take(sender: string, recipient: string, id: string): Promise<Slot> {
    return this.ask(sender, recipient, id, this.rates.pairIntervalMs);
  }

  /** The same for a message that missed its slot. To the recipient it is still the same one. */
  takeAgain(sender: string, recipient: string, id: string): Promise<Slot> {
    return this.ask(sender, recipient, id, 0);
  }

  /** Lets a number send nothing for a while, in no process. */
  async hold(sender: string, forMs: number): Promise<void> {
    await this.holdSlots([this.keys.slot(sender)], [forMs * 1000]).catch(rethrow);
  }

  private async ask(sender: string, recipient: string, id: string, pairIntervalMs: number): Promise<Slot> {
    this.store.requireUsable();
    const { perSecond, pairBurst } = this.rates;
    const interval = perSecond === 0 ? 0 : Math.round((1e6 / perSecond) * slack);
    const pairInterval = Math.round(pairIntervalMs * 1000 * slack);
    const keys = [this.keys.slot(sender), this.keys.pair(sender, recipient), this.keys.turns(sender, recipient)];
    const args = [id, interval, maxAheadMs * 1000, pairInterval, (pairBurst - 1) * pairInterval];
    const [kind, micros] = await this.takeSlot(keys, args).catch(rethrow);
    // What Redis' clock calls so is another time here.
    if (kind === "slot") return { kind: "at", timeMs: micros / 1000 - this.store.toRedisTime(0) };
    return { kind: kind as "ahead" | "pair", waitMs: micros / 1000 };
  }
}

function rethrow(error: unknown): never {
  throw toStoreError(error);
}
