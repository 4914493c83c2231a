import type { DeadLetter as DeadLetterMessage } from "../../gen/posta/message/v1/DeadLetter.js";
import { toWord } from "../../rpc/contract/enums.js";
import { toTimestamp } from "../../rpc/contract/times.js";
import type { DeadLetterKind } from "../../store/postgres/dead-letters.js";
import type { DeadLetter } from "../dead-letter.js";

const kinds: Record<string, DeadLetterKind> = { MESSAGE: "message", JOB: "job" };

/** undefined: both kinds. */
export function toDeadLetterKind(kind: string): DeadLetterKind | undefined {
  return toWord(kind, "DEAD_LETTER_KIND", kinds, "kind");
}

/** A dead letter in the form of the contract. */
export function toDeadLetterMessage(letter: DeadLetter): DeadLetterMessage {
  const { id, kind, source, ref, reason, content, history, cut, errorCode, failedAtMs, redrivenAtMs } = letter;
  return {
    id,
    source,
    ref,
    reason,
    kind: kind === "job" ? "DEAD_LETTER_KIND_JOB" : "DEAD_LETTER_KIND_MESSAGE",
    errorCode: errorCode ?? 0,
    contentJson: content,
    historyJson: history,
    failTime: toTimestamp(failedAtMs),
    redriveTime: toTimestamp(redrivenAtMs),
    cutFields: [
      ...(cut.reason ? ["reason"] : []),
      ...(cut.content ? ["content_json"] : []),
      ...(cut.history ? ["history_json"] : []),
    ],
  };
}
