import type { Logger } from "../../telemetry/log/log.js";
import type { Claimed } from "./claim.js";
import type { Decision } from "./decide.js";

/** Tells what became of an attempt: so a message can be followed from its request. What ends badly is told at any level. */
export function logDecision(
  log: Logger,
  { id: messageId, sender, requestId, attempts }: Claimed,
  decision: Decision,
): void {
  const line = { messageId, ...(requestId === null ? {} : { requestId }), sender, attempts };
  if (decision.kind === "accepted") {
    log.debug({ ...line, wamid: decision.wamid }, "a message was accepted");
    return;
  }
  const why = { ...line, ...("code" in decision ? { code: decision.code } : {}), details: decision.text };
  if (decision.kind === "again") log.debug(why, "a message is to be sent again");
  else log.warn(why, decision.kind === "failed" ? "a message failed" : "whether a message was sent is not known");
}
