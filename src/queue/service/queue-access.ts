import type { CallContext } from "../../rpc/method.js";
import { requireQueueName } from "../job/names.js";

/** Throws invalid for a name that no queue can have, forbidden for a queue that the caller may not use. */
export function requireAllowed(queue: string, { principal }: CallContext): void {
  requireQueueName(queue);
  principal.require("queue", queue);
}
