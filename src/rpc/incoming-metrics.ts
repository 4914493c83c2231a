import { Gauge, type Registry } from "prom-client";
import type { IncomingBytes } from "./incoming-bytes.js";

/** The budgets of a process: of callers, of who needs no token, and of webhooks, whose signature shows only when they are there. */
type Budgets = Record<"calls" | "anyone" | "webhooks", IncomingBytes>;

/** Shows what requests hold while they come in. What does not fall again was not given back. */
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
