import { PostaError } from "../errors/posta-error.js";
import type { UnaryMethod } from "./method.js";

/**
 * Bounds the unary calls that a process works on at once, by whichever transport they came. Without a bound, a process that
 * is asked for more than it can do spends its time on calls whose callers have given up, and answers almost none.
 */
export class Admission {
  private open = 0;

  constructor(private readonly maxCalls: number) {}

  /** The method, which throws exhausted, and does nothing, while too many calls are open. */
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
    return new PostaError("exhausted", `over ${this.maxCalls} calls are under way in this server; nothing was done`, {
      retryAfterMs: 250,
    });
  }
}
