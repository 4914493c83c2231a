import type { Outcome } from "../wire/messages.js";
import type { Job } from "./job.js";
import type { JobContext, Run } from "./run.js";
import { toCompletion, toOutcome } from "./to-outcome.js";

/** Does a job. What it returns is the job's result, as JSON. */
export type Handler<Data, Result> = (job: Job<Data>, context: JobContext) => Promise<Result> | Result;

/** Told how a handler ended. */
export interface HandlerListener<Data> {
  /** `error`: what the handler threw, or why its result is none. Only for a job that fails. */
  threw(run: Run<Data>, error: unknown): void;
  /** Comes last. */
  done(run: Run<Data>, outcome: Outcome): void;
}

/** Calls the handler for a job. A handler that is no promise ends at once: a job costs no turn of the event loop. */
export function callHandler<Data>(
  handler: Handler<Data, unknown>,
  run: Run<Data>,
  listener: HandlerListener<Data>,
): void {
  const fail = (error: unknown) => {
    const outcome = toOutcome(error, run.reason);
    if ("fail" in outcome) listener.threw(run, error);
    listener.done(run, outcome);
  };
  const succeed = (value: unknown) => {
    let outcome: Outcome;
    try {
      outcome = toCompletion(value);
    } catch (error) {
      fail(error);
      return;
    }
    listener.done(run, outcome);
  };
  let result: unknown;
  try {
    result = handler(run.job, run);
  } catch (error) {
    fail(error);
    return;
  }
  if (isThenable(result)) result.then(succeed, fail);
  else succeed(result);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
}
