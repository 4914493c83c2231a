import { EventEmitter } from "node:events";
import type { SendAnswer } from "../whatsapp/answer.js";
import type { BreakerState } from "./delivery-metrics.js";

export interface BreakerOptions {
  /** Failures in a row that open the breaker. */
  failures: number;
  /**
   * How long the breaker stays open: the first time, and at most. In milliseconds. The time doubles with each trial
   * that fails.
   */
  firstMs: number;
  maxMs: number;
  /** How long the breaker stays open if WhatsApp stopped the number itself, in milliseconds. */
  stoppedMs: number;
}

export const breakerDefaults: BreakerOptions = { failures: 5, firstMs: 5000, maxMs: 60_000, stoppedMs: 60_000 };

interface Events {
  change: [BreakerState];
}

/**
 * The circuit breaker of one sending number. Its states:
 *
 * - closed: messages are sent. To open: after several failures in a row, or at once when the Cloud API says that the
 *   number may not send.
 * - open: nothing is sent. To trial: after a time, or at once by tryNow().
 * - trial: one message is sent. To closed if the Cloud API took it, to open if not.
 *
 * An answer counts only in the state in which its request began. A later answer says nothing about the present.
 */
export class Breaker extends EventEmitter<Events> {
  private current: BreakerState = "closed";
  /** Increases with each change of state. */
  private era = 0;
  /** Failures in a row, while closed. */
  private failures = 0;
  /** Openings since the breaker was last closed. */
  private openings = 0;
  private trialBegun = false;
  private trialAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private stoppedCode: number | undefined;

  constructor(private readonly options: BreakerOptions) {
    super();
  }

  get state(): BreakerState {
    return this.current;
  }

  /** How long the breaker will stay open, in milliseconds. */
  get openForMs(): number {
    return this.current === "open" ? Math.max(0, this.trialAt - performance.now()) : 0;
  }

  /** The Cloud API's code for why the number may not send, if that opened the breaker. */
  get code(): number | undefined {
    return this.stoppedCode;
  }

  /**
   * Sends, and learns from the answer. Resolves to undefined if nothing was sent: the breaker is open, or another
   * message is its trial.
   */
  async run(send: () => Promise<SendAnswer>): Promise<SendAnswer | undefined> {
    if (this.current === "open" || this.trialBegun) return undefined;
    this.trialBegun = this.current === "trial";
    const { era } = this;
    try {
      const answer = await send();
      if (era === this.era) this.learn(answer);
      return answer;
    } catch (error) {
      // There was no answer to learn from. So another message may be the trial.
      if (era === this.era) this.trialBegun = false;
      throw error;
    }
  }

  /** Begins a trial now if the breaker is open, as the cause of the failures may be gone. */
  tryNow(): void {
    if (this.current !== "open") return;
    this.openings = 1; // The time that the breaker stays open starts to grow again.
    this.change("trial");
  }

  close(): void {
    clearTimeout(this.timer);
    this.removeAllListeners();
  }

  private learn(answer: SendAnswer): void {
    if (!isTrouble(answer)) {
      this.failures = 0;
      if (this.current === "trial") this.reset();
      return;
    }
    this.failures += 1;
    const isEnough = this.failures >= this.options.failures || stoppingCode(answer) !== undefined;
    if (isEnough || this.current === "trial") this.open(answer);
  }

  private open(answer: SendAnswer): void {
    const { firstMs, maxMs, stoppedMs } = this.options;
    this.stoppedCode = stoppingCode(answer);
    const openMs = this.stoppedCode === undefined ? Math.min(firstMs * 2 ** this.openings, maxMs) : stoppedMs;
    this.openings += 1;
    this.trialAt = performance.now() + openMs;
    this.change("open");
    this.timer = setTimeout(() => this.change("trial"), openMs);
  }

  private reset(): void {
    this.openings = 0;
    this.stoppedCode = undefined;
    this.change("closed");
  }

  private change(state: BreakerState): void {
    clearTimeout(this.timer);
    this.current = state;
    this.era += 1;
    this.failures = 0;
    this.trialBegun = false;
    this.emit("change", state);
  }
}

/** Whether the API or the number has a problem, not only the message. */
function isTrouble(answer: SendAnswer): boolean {
  if (answer.kind === "refused") return answer.verdict === "retry" || stoppingCode(answer) !== undefined;
  return answer.kind !== "accepted";
}

function stoppingCode(answer: SendAnswer): number | undefined {
  if (answer.kind !== "refused") return undefined;
  return answer.verdict === "pause-sender" || answer.verdict === "stop-sender" ? answer.code : undefined;
}
