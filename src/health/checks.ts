import { EventEmitter } from "node:events";
import type { Check, CheckState } from "./check.js";
import { Damper } from "./damper.js";

const intervalMs = 250;

interface Events {
  /** The status of a check has changed. */
  change: [readonly CheckState[]];
}

/** Runs all checks at an interval. Readers get the last results. */
export class Checks extends EventEmitter<Events> {
  private readonly dampers: Map<Check, Damper>;
  private timer: NodeJS.Timeout | undefined;
  private found: readonly CheckState[] = [];

  constructor(checks: readonly Check[]) {
    super();
    this.dampers = new Map(checks.map((check) => [check, new Damper(check.name)]));
  }

  start(): void {
    // Answers that came while this process was busy are read before the immediate: stores get no blame for the delay.
    this.timer ??= setInterval(() => setImmediate(() => this.refresh()), intervalMs);
    this.refresh();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.removeAllListeners();
  }

  /** The last results, in the order of the checks. */
  get states(): readonly CheckState[] {
    return this.found;
  }

  /** Runs all checks now, because something has changed. */
  refresh(): void {
    const before = new Map(this.found.map(({ name, status }) => [name, status]));
    const [now, at] = [performance.now(), Date.now()];
    this.found = [...this.dampers].flatMap(([check, damper]) => {
      const reading = check.read();
      return reading ? [damper.take(reading, now, at)] : [];
    });
    if (this.found.some(({ name, status }) => before.get(name) !== status)) this.emit("change", this.found);
  }
}
