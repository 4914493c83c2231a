import { EventEmitter } from "node:events";
import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
  type IBackoff,
  type IHalfOpenAfterBackoffContext,
  isBrokenCircuitError,
} from "cockatiel";
import type { SendAnswer } from "../whatsapp/answer.js";
import type { BreakerState } from "./delivery-metrics.js";

export interface BreakerOptions {
  /** Failures in a row that open it. */
  failures: number;
  /** How long it stays open: at first, and at most; it grows with each trial that fails. */
  firstMs: number;
  maxMs: number;
  /** The same where WhatsApp stopped the number itself. */
  stoppedMs: number;
}

export const breakerDefaults: BreakerOptions = { failures: 5, firstMs: 5000, maxMs: 60_000, stoppedMs: 60_000 };

interface Events {
  change: [BreakerState];
}

/** Opens at once for what will not be better a moment later. */
class Failures extends ConsecutiveBreaker {
  severe = false;

  override failure(): boolean {
    const opens = super.failure() || this.severe;
    this.severe = false;
    return opens;
  }
}

/**
 * The circuit breaker of one sending number. It opens when the Cloud API fails again and again, or says that the number may
 * not send; from time to time one message is the trial of whether that is over.
 */
export class Breaker extends EventEmitter<Events> {
  private policy: CircuitBreakerPolicy & ReturnType<typeof circuitBreaker>;
  private failures = new Failures(1);
  private current: BreakerState = "closed";
  private timer: NodeJS.Timeout | undefined;
  private heldMs = 0;
  /** Since it was last closed. */
  private trials = 0;
  private trialAt = 0;
  private stoppedCode: number | undefined;

  constructor(private readonly options: BreakerOptions) {
    super();
    this.policy = this.makePolicy();
  }

  get state(): BreakerState {
    return this.current;
  }

  /** How long it will stay open, in milliseconds. */
  get openForMs(): number {
    return this.current === "open" ? Math.max(0, this.trialAt - performance.now()) : 0;
  }

  /** The Cloud API's code of why the number may not send, if that is why it is open. */
  get code(): number | undefined {
    return this.stoppedCode;
  }

  /** Sends, and learns from the answer; resolves to undefined if nothing was sent, because it is open. */
  async run(send: () => Promise<SendAnswer>): Promise<SendAnswer | undefined> {
    const { policy, failures } = this; // Others may have taken their place by the time of the answer.
    try {
      return await policy.execute(async () => {
        const answer = await send();
        if (stoppingCode(answer) !== undefined) failures.severe = true;
        return answer;
      });
    } catch (error) {
      if (isBrokenCircuitError(error)) return undefined;
      throw error;
    }
  }

  /** Something has changed: a trial may be worth it now. */
  tryNow(): void {
    if (this.current !== "open") return;
    this.trials = 0;
    this.beginTrial();
  }

  close(): void {
    clearTimeout(this.timer);
    this.removeAllListeners();
  }

  private makePolicy(initialState?: object) {
    const { options } = this;
    this.failures = new Failures(options.failures);
    const next = (context: IHalfOpenAfterBackoffContext): IBackoff<IHalfOpenAfterBackoffContext> => {
      this.heldMs = holdMs(context, options);
      return { duration: this.heldMs, next };
    };
    const handled = handleWhenResult((answer) => isTrouble(answer as SendAnswer));
    const policy = circuitBreaker(handled, { breaker: this.failures, halfOpenAfter: { next }, initialState });
    policy.onBreak((reason) => this.open("value" in reason ? (reason.value as SendAnswer) : undefined));
    policy.onReset(() => this.change("closed"));
    return policy;
  }

  private open(answer: SendAnswer | undefined): void {
    clearTimeout(this.timer);
    this.stoppedCode = answer && stoppingCode(answer);
    this.trialAt = performance.now() + this.heldMs;
    this.timer = setTimeout(() => this.beginTrial(), this.heldMs);
    this.change("open");
  }

  /** The library goes by the time of day, which may be set back: it is told that it has been open for long enough. */
  private beginTrial(): void {
    clearTimeout(this.timer);
    this.trials += 1;
    const ownState = { value: CircuitState.Open, openedAt: 0, attemptNo: this.trials };
    this.policy = this.makePolicy({ ownState, breakerState: 0 });
    this.change("trial");
  }

  private change(state: BreakerState): void {
    if (state === "closed") {
      this.stoppedCode = undefined;
      this.trials = 0;
    }
    this.current = state;
    this.emit("change", state);
  }
}

/** What tells of the API or the number, not of the message. */
function isTrouble(answer: SendAnswer): boolean {
  if (answer.kind === "refused") return answer.verdict === "retry" || stoppingCode(answer) !== undefined;
  return answer.kind !== "accepted";
}

function stoppingCode(answer: SendAnswer): number | undefined {
  if (answer.kind !== "refused") return undefined;
  return answer.verdict === "pause-sender" || answer.verdict === "stop-sender" ? answer.code : undefined;
}

function holdMs({ attempt, result }: IHalfOpenAfterBackoffContext, options: BreakerOptions): number {
  const answer = "value" in result ? (result.value as SendAnswer) : undefined;
  if (answer && stoppingCode(answer) !== undefined) return options.stoppedMs;
  return Math.min(options.firstMs * 2 ** (attempt - 1), options.maxMs);
}
