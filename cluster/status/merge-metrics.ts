import { once } from "node:events";
import { AggregatorRegistry, Gauge, type Registry } from "prom-client";
import { unpackMetrics } from "../../src/telemetry/metrics/histogram.js";
import type { MetricsSnapshot, ToChild } from "../supervise/messages.js";
import type { Child, Supervisor } from "../supervise/supervisor.js";

/** How long a scrape waits for children; one that is silent is shown as it last was. */
const answerTimeoutMs = 250;

/** What a child last said, and when, in milliseconds since 1970. */
export interface Heard {
  snapshot: MetricsSnapshot;
  at: number;
}

/**
 * The metrics of all processes as one. prom-client's own merge fails whole if one child is silent, and forgets what a
 * child counted when it dies; here the last snapshot stands in for a silent child, and the dead keep their counters.
 */
export class MergedMetrics {
  private readonly latest = new Map<Child, Heard>();
  private retired: MetricsSnapshot = [];
  private retiring: Promise<void> = Promise.resolve();
  private waiting: { for: Set<Child>; done(): void } | undefined;
  private asking: Promise<void> | undefined;
  private readonly silent: Gauge;

  constructor(
    private readonly own: Registry,
    private readonly supervisors: Supervisor[],
  ) {
    this.silent = new Gauge({
      name: "posta_processes_silent",
      help: "Processes that did not say in time what they counted: their figures are old ones.",
      registers: [own],
    });
    for (const supervisor of supervisors) {
      supervisor.on("message", (child, message) => {
        if (message.type === "metrics") this.hear(child, unpackMetrics(message.metrics));
      });
      supervisor.on("exit", (child) => void this.retire(child));
    }
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    return (await this.merge()).metrics();
  }

  /** As prom-client gives a registry's. */
  async snapshot(): Promise<MetricsSnapshot> {
    return (await (await this.merge()).getMetricsAsJSON()) as unknown as MetricsSnapshot;
  }

  /** What a child last said; undefined before it first did. */
  heardOf(child: Child): Heard | undefined {
    return this.latest.get(child);
  }

  get contentType(): string {
    return this.own.contentType;
  }

  private async merge(): Promise<Registry> {
    // Scrapes that come at the same time share one round of questions.
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    await this.asking;
    const own = (await this.own.getMetricsAsJSON()) as unknown as MetricsSnapshot;
    const children = [...this.latest.values()].map(({ snapshot }) => snapshot);
    return AggregatorRegistry.aggregate([own, this.retired, ...children]);
  }

  private async ask(): Promise<void> {
    const all = this.supervisors.flatMap((supervisor) =>
      [...supervisor.children].map((child) => ({ supervisor, child })),
    );
    // One that is known to hang is not waited for.
    const asked = new Set(all.filter(({ supervisor, child }) => !supervisor.isSilent(child)).map(({ child }) => child));
    const unasked = all.length - asked.size;
    const unanswered = asked.size > 0 ? await this.askEach(asked) : 0;
    this.silent.set(unasked + unanswered);
  }

  /** How many did not answer in time. */
  private async askEach(children: Set<Child>): Promise<number> {
    await new Promise<void>((done) => {
      const timer = setTimeout(done, answerTimeoutMs);
      this.waiting = {
        for: children,
        done() {
          clearTimeout(timer);
          done();
        },
      };
      const question: ToChild = { type: "metrics", packed: true };
      for (const { worker } of children) worker.send(question, () => {}); // A child that just died answers nothing.
    });
    this.waiting = undefined;
    return children.size;
  }

  private hear(child: Child, snapshot: MetricsSnapshot): void {
    this.latest.set(child, { snapshot, at: Date.now() });
    this.stopWaiting(child);
  }

  private stopWaiting(child: Child): void {
    this.waiting?.for.delete(child);
    if (this.waiting?.for.size === 0) this.waiting.done();
  }

  /**
   * What a child said last may still be on its way when it is gone. One after the other: two that die together must not each
   * add to what was kept before.
   */
  private async retire(child: Child): Promise<void> {
    this.stopWaiting(child);
    if (child.worker.isConnected()) await once(child.worker, "disconnect");
    this.retiring = this.retiring.then(() => this.keep(child));
  }

  /** Counters and histograms live on; a gauge speaks of what is no more. At no time are they in neither, or in both. */
  private async keep(child: Child): Promise<void> {
    const { snapshot } = this.latest.get(child) ?? { snapshot: [] };
    const counts = snapshot.filter(({ type }) => ["counter", "histogram"].includes(String(type)));
    const sum = await AggregatorRegistry.aggregate([this.retired, counts]).getMetricsAsJSON();
    this.retired = sum as unknown as MetricsSnapshot;
    this.latest.delete(child);
  }
}
