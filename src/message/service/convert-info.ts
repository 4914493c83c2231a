import { invalid } from "../../errors/posta-error.js";
import type { GetMessageResponse } from "../../gen/posta/message/v1/GetMessageResponse.js";
import type { ListMessagesRequest__Output as ListMessages } from "../../gen/posta/message/v1/ListMessagesRequest.js";
import type { MessageInfo } from "../../gen/posta/message/v1/MessageInfo.js";
import { toWord } from "../../rpc/contract/enums.js";
import { toTimeMs, toTimestamp } from "../../rpc/contract/times.js";
import { parsePhoneNumber } from "../content/phone-number.js";
import type { ListQuery } from "../read/list-messages.js";
import type { FullMessage } from "../read/read-message.js";
import { statuses } from "../record/status.js";
import type { StoredMessage } from "../record/stored-message.js";

/** The names of the contract's statuses. The numbers are the same on both sides. */
const statusWords = Object.fromEntries(Object.entries(statuses).map(([name, number]) => [name.toUpperCase(), number]));
type StatusName = NonNullable<MessageInfo["status"]>;

/** A message as the contract has it. */
export function toMessageInfo(message: StoredMessage): MessageInfo {
  const { id, sender, recipient, type, attempts, priority } = message;
  return {
    id,
    type,
    attempts,
    from: sender,
    to: recipient,
    // The encoder takes numbers as well as names, and also numbers for which it has no name.
    status: message.status as StatusName,
    priority: priority as NonNullable<MessageInfo["priority"]>,
    policy: message.resend ? "DELIVERY_POLICY_AT_LEAST_ONCE" : "DELIVERY_POLICY_AT_MOST_ONCE",
    statusTime: toTimestamp(message.statusAtMs),
    createTime: toTimestamp(message.createdAtMs),
    sendTime: toTimestamp(message.sendAtMs),
    expireTime: toTimestamp(message.expiresAtMs),
    wamid: message.wamid ?? "",
    errorCode: message.errorCode ?? 0,
    errorMessage: message.error ?? "",
    idempotencyKey: message.key ?? "",
  };
}

/** A message with its request and history. */
export function toFullMessage({ message, body, history }: FullMessage): GetMessageResponse {
  return {
    message: { ...toMessageInfo(message), contentJson: body },
    history: history.map(({ status, atMs, attempt, code, detail }) => ({
      status: status as StatusName,
      time: toTimestamp(Math.floor(atMs)),
      attempt,
      errorCode: code ?? 0,
      detail: detail ?? "",
    })),
  };
}

/** What the messages are listed by. Throws invalid. */
export function toListedBy({ by, to = "", status }: ListMessages): ListQuery["by"] {
  if (by === "to") return { recipient: parsePhoneNumber(to, "to") };
  if (by !== "status") throw invalid("by", "is required: to or status");
  const number = toWord(status ?? "", "MESSAGE_STATUS", statusWords, "status");
  if (number === undefined) throw invalid("status", "is UNSPECIFIED");
  return { status: number };
}

/**
 * The bounds of a list, in milliseconds. The times of messages are whole milliseconds. So both bounds are rounded up to
 * a whole millisecond, which selects the same messages.
 */
export function toBounds({ startTime, endTime }: ListMessages): Pick<ListQuery, "startMs" | "endMs"> {
  const bound = (time: ListMessages["startTime"], field: string) => {
    const ms = toTimeMs(time, field);
    return ms === undefined || !time ? undefined : ms + (time.nanos % 1e6 > 0 ? 1 : 0);
  };
  const [startMs, endMs] = [bound(startTime, "start_time"), bound(endTime, "end_time")];
  if (startMs !== undefined && endMs !== undefined && endMs <= startMs) {
    throw invalid("end_time", "is not after start_time");
  }
  return { startMs, endMs };
}
