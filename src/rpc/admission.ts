import { PostaError } from "../errors/posta-error.js";
import type { UnaryMethod } from "./method.js";

/**
 * Bounds the unary calls that a process handles at once, over all transports. Without a bound, an overloaded process
 * spends its time on calls whose callers have given up, and answers almost none in time.
 */
export class Admission {
  private open = 0;

  constructor(private readonly maxCalls: number) {}

  /** Wraps a method. While too many calls are open, the wrapped method rejects with exhausted and does nothing else. */
  guard<Request, Response>(method: UnaryMethod<Request, Response>): UnaryMethod<Request, Response> {
    const leave = () => {
      this.open -= 1;
    };
    return (request, context) => {
      if (this.open >= this.maxCalls) return Promise.reject(this.refusal());
      this.open += 1;
      return method(request, context).finally(leave);
    };
  }

  private refusal(): PostaError {
    return new PostaError("exhausted", `over ${this.maxCalls} calls are in flight in this server; nothing was done`, {
      retryAfterMs: 250,
    });
  }
}
