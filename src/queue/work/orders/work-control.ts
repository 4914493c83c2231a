import { EventEmitter } from "node:events";
import type { RedisClient } from "../../../store/redis/address.js";
import type { Logger } from "../../../telemetry/log/log.js";
import type { CancelOrder } from "../cancel-order.js";
import type { DrainOrder } from "./drain-orders.js";

/** What one server tells all others. */
export type ControlMessage = { cancel: CancelOrder } | { drain: DrainOrder };

interface Events {
  cancel: [CancelOrder];
  drain: [DrainOrder];
}

export interface ControlParts {
  /** Hears the channel, and does nothing else. The control closes it. */
  subscriber: RedisClient;
  publisher: RedisClient;
  channel: string;
  log: Logger;
}

/**
 * Tells the servers of orders at once. A message may be lost: the orders themselves are in Redis, where extensions of
 * leases and the registry find them some seconds later.
 */
export class WorkControl extends EventEmitter<Events> {
  private isOpen = false;

  constructor(private readonly parts: ControlParts) {
    super();
    parts.subscriber.on("message", (_channel, json) => this.hear(json));
  }

  /** Hears from now on. */
  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    const { subscriber, channel, log } = this.parts;
    // ioredis subscribes again after each reconnect.
    subscriber.subscribe(channel).catch((error) => {
      this.isOpen = false;
      log.debug({ err: error }, "orders to workers are heard late");
    });
  }

  tell(message: ControlMessage): void {
    const { publisher, channel, log } = this.parts;
    publisher
      .publish(channel, JSON.stringify(message))
      .catch((error) => log.debug({ err: error }, "an order to a worker is heard late"));
  }

  close(): void {
    this.isOpen = true;
    this.parts.subscriber.disconnect();
  }

  private hear(json: string): void {
    try {
      const message = JSON.parse(json) as ControlMessage;
      if ("cancel" in message) this.emit("cancel", message.cancel);
      else this.emit("drain", message.drain);
    } catch (error) {
      this.parts.log.debug({ err: error }, "an order to workers is no JSON");
    }
  }
}
