import { Gauge, type Registry } from "prom-client";
import type { IncomingBytes } from "./incoming-bytes.js";

/**
 * The budgets of a process: for callers, for services that need no token, and for webhooks. Webhooks have their own
 * budget, because Posta can check a webhook's signature only after the whole body has arrived.
 */
type Budgets = Record<"calls" | "anyone" | "webhooks", IncomingBytes>;

/** Shows the bytes that requests hold while they arrive. If a value never falls, some bytes were not given back. */
export function registerIncoming(registry: Registry, budgets: Budgets): void {
  new Gauge({
    name: "posta_incoming_bytes",
    help: "Bytes that requests hold while they come in, by whose budget they are of.",
    labelNames: ["of"],
    registers: [registry],
    collect() {
      for (const [of, { heldBytes }] of Object.entries(budgets)) this.set({ of }, heldBytes);
    },
  });
}
