import { PostaError } from "../errors/posta-error.js";
import type { CallKind, UnaryMethod } from "./method.js";

/** Settling calls may exceed the limit by this part of it. */
const settlingPart = 1 / 4;

/**
 * Bounds the unary calls that a process handles at once, over all transports. Without a bound, an overloaded process
 * spends its time on calls whose callers have given up, and answers almost none in time. A server that is full of other
 * calls still takes some settling calls: to refuse these would cost their work, which would then be done again.
 */
export class Admission {
  private open = 0;
  private readonly most: Record<CallKind, number>;

  constructor(maxCalls: number) {
    this.most = { plain: maxCalls, settling: maxCalls + Math.ceil(maxCalls * settlingPart) };
  }

  /** Wraps a method. While too many calls are open, the wrapped method rejects with exhausted and does nothing else. */
  guard<Request, Response>(
    method: UnaryMethod<Request, Response>,
    kind: CallKind = "plain",
  ): UnaryMethod<Request, Response> {
    const most = this.most[kind];
    const leave = () => {
      this.open -= 1;
    };
    return (request, context) => {
      if (this.open >= most) return Promise.reject(refusal(most));
      this.open += 1;
      return method(request, context).finally(leave);
    };
  }
}

function refusal(most: number): PostaError {
  const problem = `over ${most} calls are in flight in this server; nothing was done`;
  return new PostaError("exhausted", problem, { retryAfterMs: 250 });
}
