import type { CallContext } from "../../rpc/method.js";
import { requireQueueName, requireUnreserved } from "../job/names.js";

/** Throws invalid for a name that no queue can have, forbidden for a queue that the caller may not use. */
export function requireAllowed(queue: string, { principal }: CallContext): void {
  requireQueueName(queue);
  principal.require("queue", queue);
}

/** Throws invalid for a queue that has no work for callers, forbidden for a queue that the caller may not work on. */
export function requireMayWork(queue: string, { principal }: CallContext, field = "queue"): void {
  requireQueueName(queue, field);
  principal.require("work", queue);
  requireUnreserved(queue, field);
}
