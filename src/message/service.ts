import { invalid, PostaError } from "../errors.js";
import type { CancelMessageRequest__Output as CancelMessage } from "../gen/posta/message/v1/CancelMessageRequest.js";
import type { GetMessageRequest__Output as GetMessage } from "../gen/posta/message/v1/GetMessageRequest.js";
import type { ListDeadLettersRequest__Output as ListDeadLetters } from "../gen/posta/message/v1/ListDeadLettersRequest.js";
import type { ListMessagesRequest__Output as ListMessages } from "../gen/posta/message/v1/ListMessagesRequest.js";
import type { RedriveMessagesRequest__Output as RedriveMessages } from "../gen/posta/message/v1/RedriveMessagesRequest.js";
import type { Adapter, CallContext } from "../grpc/method.js";
import type { StatusMap } from "../grpc/status.js";
import {
  toBounds,
  toDeadLetterKind,
  toDeadLetterMessage,
  toFullMessage,
  toListedBy,
  toMessageInfo,
} from "./convert-info.js";
import { parseId } from "./message-ids.js";
import type { MessageParts } from "./parts.js";
import { sendHandlers } from "./service-send.js";

const maxRedriven = 1000;

/** The RPC edge of the messages: request to domain, domain to response, and no rule of its own. */
export function messageHandlers<Handler>(adapter: Adapter<Handler>, parts: MessageParts, statuses: StatusMap) {
  const { sender, reader, lister, canceller, deadLetters, redriver } = parts;

  return {
    ...sendHandlers(adapter, sender, statuses),
    GetMessage: adapter.unary(async ({ messageId }: GetMessage, context) => {
      const found = await reader.get(parseId(messageId, "message_id"));
      requireNumber(found.message.sender, context);
      return toFullMessage(found);
    }),
    ListMessages: adapter.unary(async (request: ListMessages, { principal }) => {
      const { pageSize, pageToken } = request;
      const mayUse = (number: string) => principal.mayUse(number);
      const query = { by: toListedBy(request), ...toBounds(request), pageSize, pageToken, mayUse };
      const page = await lister.list(query);
      return { messages: page.messages.map(toMessageInfo), nextPageToken: page.nextPageToken };
    }),
    CancelMessage: adapter.unary(async ({ messageId }: CancelMessage, context) => {
      await canceller.cancel(parseId(messageId, "message_id"), (number) => requireNumber(number, context));
      return {};
    }),
    ListDeadLetters: adapter.unary(async ({ kind, source, pageSize, pageToken }: ListDeadLetters, { principal }) => {
      const wanted = toDeadLetterKind(kind);
      if (source !== "") principal.require(wanted === "job" ? "the queue" : "the number", source);
      const mayUse = (name: string) => principal.mayUse(name);
      const page = await deadLetters.list({ kind: wanted, source, pageSize, pageToken, mayUse });
      return { deadLetters: page.letters.map(toDeadLetterMessage), nextPageToken: page.nextPageToken };
    }),
    RedriveMessages: adapter.unary(async ({ deadLetterIds }: RedriveMessages, { principal }) => {
      requireCount(deadLetterIds.length);
      const outcomes = await redriver.redrive(deadLetterIds, (kind, source) => {
        principal.require(kind === "job" ? "the queue" : "the number", source);
      });
      const toItem = statuses.forItems();
      const errorOf = (outcome: unknown) => (outcome instanceof PostaError ? toItem(outcome) : null);
      return { results: outcomes.map((outcome) => ({ error: errorOf(outcome) })) };
    }),
  };
}

function requireNumber(number: string, { principal }: CallContext): void {
  principal.require("the number", number);
}

function requireCount(count: number): void {
  if (count === 0) throw invalid("dead_letter_ids", "is required");
  if (count > maxRedriven) throw invalid("dead_letter_ids", `${count} items is over ${maxRedriven}`);
}
