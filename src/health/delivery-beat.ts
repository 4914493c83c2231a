import type { RedisStore } from "../store/redis/store.js";
import type { Check, Reading } from "./check.js";

/** A delivery process that has not written its key for so long does not work. A restart takes less, and it is written every second. */
const expiryMs = 4000;
const readMs = 500;

type Beats = Pick<RedisStore, "client" | "usable" | "isLost" | "refusal">;

/**
 * Tells all servers, on whichever machine, that a delivery process works: a key that does not outlive it for long. All
 * of them write the same one; that one works is enough.
 */
export class DeliveryBeat {
  constructor(
    private readonly redis: Beats,
    private readonly key: string,
    /** Whether the process does its work now. */
    private readonly works: () => boolean,
  ) {}

  /** Tells now, if it works. */
  beat(): void {
    if (!this.redis.usable || !this.works()) return;
    this.redis.client.set(this.key, "1", "PX", expiryMs).catch(() => {}); // The next one tells.
  }
}

/** Whether a delivery process works somewhere. */
export class DeliveryCheck implements Check {
  readonly name = "delivery";
  private timer: NodeJS.Timeout | undefined;
  private reading = false;
  /** One told lately. */
  private works = false;
  private known = false;

  constructor(
    private readonly redis: Beats,
    private readonly key: string,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.look(), readMs);
    void this.look();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  read(): Reading {
    if (this.redis.isLost) {
      return { status: "DOWN", detail: "Nothing is delivered: the queues' Redis cannot be reached." };
    }
    if (this.redis.refusal) {
      return { status: "DEGRADED", detail: "Not known: the queues' Redis takes no writes, by which it would be told." };
    }
    if (this.works) return { status: "OK", detail: "A delivery process works." };
    if (!this.known) {
      void this.look(); // As soon as Redis is there, so that a new server is not taken for one without delivery.
      return { status: "DOWN", detail: "It was not looked yet whether a delivery process works.", untried: true };
    }
    return {
      status: "DOWN",
      detail: "No delivery process works: messages and webhooks wait, and the spool is not moved.",
    };
  }

  private async look(): Promise<void> {
    if (this.reading || !this.redis.usable) return;
    this.reading = true;
    const left = await this.redis.client.pttl(this.key).catch(() => undefined);
    this.reading = false;
    if (left === undefined) return;
    this.works = left > 0;
    this.known = true;
  }
}
