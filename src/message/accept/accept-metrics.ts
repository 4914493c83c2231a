import { Gauge, type Registry } from "prom-client";
import { type ErrorCode, PostaError } from "../../errors/posta-error.js";
import { registerCounts } from "../../telemetry/metrics/counters.js";

/** Counts the outcomes of the messages that callers bring, in plain fields. prom-client reads them at a scrape. */
export class TakenCounts {
  private readonly outcomes = new Map<"stored" | "duplicate" | ErrorCode, number>();

  count(result: { outcome: "stored" | "duplicate" } | PostaError): void {
    const outcome = result instanceof PostaError ? result.code : result.outcome;
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  get all(): ReadonlyMap<string, number> {
    return this.outcomes;
  }
}

/** Registers what one server does with messages. */
export function registerSendMetrics(registry: Registry, counts: TakenCounts, pending: () => number): void {
  const taken = {
    name: "posta_messages_taken_total",
    help: "Messages that callers brought, by what became of them: stored, duplicate, or the error.",
  };
  registerCounts(registry, taken, () => [...counts.all].map(([outcome, value]) => ({ labels: { outcome }, value })));
  new Gauge({
    name: "posta_messages_pending",
    help: "Messages that are on their way to PostgreSQL.",
    registers: [registry],
    collect() {
      this.set(pending());
    },
  });
}
