import { once } from "node:events";
import { AggregatorRegistry, Gauge, type Registry } from "prom-client";
import { unpackMetrics } from "../../src/telemetry/metrics/histogram.js";
import type { MetricsSnapshot, ToChild } from "../supervise/messages.js";
import type { Child, Supervisor } from "../supervise/supervisor.js";

/** How long a scrape waits for children, in milliseconds. A silent child is shown with its last metrics. */
const answerTimeoutMs = 250;

/** A child's last metrics, and their time in milliseconds since 1970. */
export interface Heard {
  snapshot: MetricsSnapshot;
  at: number;
}

/**
 * The merged metrics of all processes. prom-client's own merge fails completely if one child is silent, and forgets the
 * counts of a dead child. This class uses the last snapshot of a silent child, and keeps the counters of dead children.
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

  /** In the form in which prom-client gives a registry's metrics. */
  async snapshot(): Promise<MetricsSnapshot> {
    return (await (await this.merge()).getMetricsAsJSON()) as unknown as MetricsSnapshot;
  }

  /** A child's last metrics; undefined before its first report. */
  heardOf(child: Child): Heard | undefined {
    return this.latest.get(child);
  }

  get contentType(): string {
    return this.own.contentType;
  }

  private async merge(): Promise<Registry> {
    // Concurrent scrapes share one round of questions.
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
    // Do not wait for a child that is known to hang.
    const asked = new Set(all.filter(({ supervisor, child }) => !supervisor.isSilent(child)).map(({ child }) => child));
    const unasked = all.length - asked.size;
    const unanswered = asked.size > 0 ? await this.askEach(asked) : 0;
    this.silent.set(unasked + unanswered);
  }

  /** Asks each child for its metrics. Answers how many children did not answer in time. */
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
   * Keeps the counters of a dead child. The child's last message may still be on its way when the child is gone, so
   * this waits until the channel closes. Children are kept one after the other. Otherwise two that die together would
   * each add to the same old sum, and one child's counters would be lost.
   */
  private async retire(child: Child): Promise<void> {
    this.stopWaiting(child);
    if (child.worker.isConnected()) await once(child.worker, "disconnect");
    this.retiring = this.retiring.then(() => this.keep(child));
  }

  /**
   * Moves a dead child's counters and histograms into `retired`. Drops its gauges, which describe something that no
   * longer exists. At every moment, the counts are in exactly one of `latest` and `retired`.
   */
  private async keep(child: Child): Promise<void> {
    const { snapshot } = this.latest.get(child) ?? { snapshot: [] };
    const counts = snapshot.filter(({ type }) => ["counter", "histogram"].includes(String(type)));
    const sum = await AggregatorRegistry.aggregate([this.retired, counts]).getMetricsAsJSON();
    this.retired = sum as unknown as MetricsSnapshot;
    this.latest.delete(child);
  }
}
