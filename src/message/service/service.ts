import { invalid, PostaError } from "../../errors/posta-error.js";
import type { CancelMessageRequest__Output as CancelMessage } from "../../gen/posta/message/v1/CancelMessageRequest.js";
import type { GetMessageRequest__Output as GetMessage } from "../../gen/posta/message/v1/GetMessageRequest.js";
import type { ListDeadLettersRequest__Output as ListDeadLetters } from "../../gen/posta/message/v1/ListDeadLettersRequest.js";
import type { ListMessagesRequest__Output as ListMessages } from "../../gen/posta/message/v1/ListMessagesRequest.js";
import type { RedriveMessagesRequest__Output as RedriveMessages } from "../../gen/posta/message/v1/RedriveMessagesRequest.js";
import type { Adapter, CallContext } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import { parseId } from "../../store/row-ids.js";
import type { MayUseSource } from "../accept/redrive.js";
import type { MessageParts } from "../create-message-service.js";
import type { MayUse } from "../read/read-message.js";
import type { DeadLetterKind } from "../record/dead-letter.js";
import {
  toBounds,
  toDeadLetterKind,
  toDeadLetterMessage,
  toFullMessage,
  toListedBy,
  toMessageInfo,
} from "./convert-info.js";
import { sendHandlers } from "./send-service.js";

const maxRedriven = 1000;

/** The RPC edge of the messages: request to domain, domain to response, and no rule of its own. */
export function messageHandlers<Handler>(adapter: Adapter<Handler>, parts: MessageParts, statuses: StatusMap) {
  const { sender, reader, lister, canceller, deadLetters, redriver } = parts;

  return {
    ...sendHandlers(adapter, sender, statuses),
    GetMessage: adapter.unary(async ({ messageId }: GetMessage, context) => {
      return toFullMessage(await reader.get(parseId(messageId, "message_id"), toMayUse(context)));
    }),
    ListMessages: adapter.unary(async (request: ListMessages, context) => {
      const { pageSize, pageToken } = request;
      const mayUse = toMayUse(context);
      const query = { by: toListedBy(request), ...toBounds(request), pageSize, pageToken, mayUse };
      const page = await lister.list(query);
      return { messages: page.messages.map(toMessageInfo), nextPageToken: page.nextPageToken };
    }),
    CancelMessage: adapter.unary(async ({ messageId }: CancelMessage, context) => {
      await canceller.cancel(parseId(messageId, "message_id"), toMayUse(context));
      return {};
    }),
    ListDeadLetters: adapter.unary(async ({ kind, source, pageSize, pageToken }: ListDeadLetters, context) => {
      const wanted = toDeadLetterKind(kind);
      // Without a kind the lister refuses a source.
      if (source !== "" && wanted) context.principal.require(grantOf(wanted), source);
      const mayUse = toMayUseSource(context);
      const page = await deadLetters.list({ kind: wanted, source, pageSize, pageToken, mayUse });
      return { deadLetters: page.letters.map(toDeadLetterMessage), nextPageToken: page.nextPageToken };
    }),
    RedriveMessages: adapter.unary(async ({ deadLetterIds }: RedriveMessages, context) => {
      requireCount(deadLetterIds.length);
      const outcomes = await redriver.redrive(deadLetterIds, toMayUseSource(context));
      const toItem = statuses.forItems();
      const errorOf = (outcome: unknown) => (outcome instanceof PostaError ? toItem(outcome) : null);
      return { results: outcomes.map((outcome) => ({ error: errorOf(outcome) })) };
    }),
  };
}

function toMayUse({ principal }: CallContext): MayUse {
  return (number) => principal.mayUse("number", number);
}

function toMayUseSource({ principal }: CallContext): MayUseSource {
  return (kind, source) => principal.mayUse(grantOf(kind), source);
}

/** What the source of a dead letter is: the queue of a job, the number of a message. */
function grantOf(kind: DeadLetterKind): "queue" | "number" {
  return kind === "job" ? "queue" : "number";
}

function requireCount(count: number): void {
  if (count === 0) throw invalid("dead_letter_ids", "is required");
  if (count > maxRedriven) throw invalid("dead_letter_ids", `${count} items is over ${maxRedriven}`);
}
