import { type CheckState, isWorse, type Reading } from "./check.js";

/** A recovery shows after the check has been better for this long. */
const holdMs = 250;
/** This many losses in this window are flapping. A recovery then takes longer to show, and shows DEGRADED, not OK. */
const flapping = { losses: 3, windowMs: 30_000, holdMs: 2000 };

/** Keeps a flapping check from making others flap. A failure shows at once, a recovery when it has lasted. */
export class Damper {
  private shown: CheckState | undefined;
  private last: Reading | undefined;
  private betterSince: number | undefined;
  private losses: number[] = [];

  constructor(private readonly name: string) {}

  /** Takes a reading, and returns what to show. `now` is of a monotonic clock, `at` is the time of day; in ms. */
  take(reading: Reading, now: number, at = now): CheckState {
    if (this.last && !this.last.untried && isWorse(reading.status, this.last.status)) this.losses.push(now);
    const isFirst = this.last === undefined || this.last.untried === true;
    this.last = reading;
    this.losses = this.losses.filter((at) => now - at < flapping.windowMs);
    const { shown } = this;
    if (isFirst || !shown || !isWorse(shown.status, reading.status)) return this.show(reading, at);
    this.betterSince ??= now;
    const isHeld = now - this.betterSince < (this.isFlapping ? flapping.holdMs : holdMs);
    return isHeld ? shown : this.show(this.isFlapping ? this.doubt(reading) : reading, at);
  }

  private get isFlapping(): boolean {
    return this.losses.length >= flapping.losses;
  }

  private doubt(reading: Reading): Reading {
    if (reading.status !== "OK") return reading;
    const times = `${this.losses.length} times in ${flapping.windowMs / 1000} s`;
    return { ...reading, status: "DEGRADED", detail: `It comes and goes: ${times}. Now: ${reading.detail}` };
  }

  private show({ status, latencyMs, detail }: Reading, at: number): CheckState {
    this.betterSince = undefined;
    const since = this.shown?.status === status ? this.shown.since : at;
    this.shown = { name: this.name, status, latencyMs, since, detail };
    return this.shown;
  }
}
