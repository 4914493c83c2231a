import { EventEmitter } from "node:events";
import type { Check, CheckState } from "./check.js";
import { Damper } from "./damper.js";

const intervalMs = 250;

interface Events {
  /** A status is another than it was. */
  change: [readonly CheckState[]];
}

/** Looks at everything at an interval; whoever asks reads what was last found. */
export class Checks extends EventEmitter<Events> {
  private readonly dampers: Map<Check, Damper>;
  private timer: NodeJS.Timeout | undefined;
  private found: readonly CheckState[] = [];

  constructor(checks: readonly Check[]) {
    super();
    this.dampers = new Map(checks.map((check) => [check, new Damper(check.name)]));
  }

  start(): void {
    // What stores answered while this process was busy is read before the immediate: nothing is blamed on them.
    this.timer ??= setInterval(() => setImmediate(() => this.refresh()), intervalMs);
    this.refresh();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.removeAllListeners();
  }

  /** What was found, in the order of the checks. */
  get states(): readonly CheckState[] {
    return this.found;
  }

  /** Looks now: something is known to have changed. */
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
