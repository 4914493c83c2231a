import type { RedisStore } from "../store/redis/store.js";
import type { Check, Reading } from "./check.js";

/** Without a write for this long, no delivery process works. Writes come every second; a restart takes less. */
const expiryMs = 4000;
const readMs = 1000;

type Beats = Pick<RedisStore, "client" | "usable" | "isLost" | "refusal">;

/**
 * Shows all servers, on every machine, that a delivery process works: the process writes a key that soon expires. All
 * delivery processes write the same key: it is enough that one process works.
 */
export class DeliveryBeat {
  constructor(
    private readonly redis: Beats,
    private readonly key: string,
    /** Whether the process does its work now. */
    private readonly works: () => boolean,
  ) {}

  /** Writes the key, if the process works. */
  beat(): void {
    if (!this.redis.usable || !this.works()) return;
    this.redis.client.set(this.key, "1", "PX", expiryMs).catch(() => {}); // The next beat tries again.
  }
}

/** Whether a delivery process works somewhere. */
export class DeliveryCheck implements Check {
  readonly name = "delivery";
  private timer: NodeJS.Timeout | undefined;
  private reading = false;
  /** A delivery process has written the key lately. */
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
      return {
        status: "DEGRADED",
        detail: "Unknown: delivery processes report through the queues' Redis, which takes no writes.",
      };
    }
    if (this.works) return { status: "OK", detail: "A delivery process works." };
    if (!this.known) {
      void this.look(); // At once when Redis is there: a new server must not report that delivery is missing.
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
