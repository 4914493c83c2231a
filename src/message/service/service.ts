import type { CancelMessageRequest__Output as CancelMessage } from "../../gen/posta/message/v1/CancelMessageRequest.js";
import type { GetMessageRequest__Output as GetMessage } from "../../gen/posta/message/v1/GetMessageRequest.js";
import type { ListMessagesRequest__Output as ListMessages } from "../../gen/posta/message/v1/ListMessagesRequest.js";
import type { Adapter, CallContext } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import { parseId } from "../../store/row-ids.js";
import type { MessageParts } from "../create-message-service.js";
import type { MayUse } from "../read/read-message.js";
import { toBounds, toFullMessage, toListedBy, toMessageInfo } from "./convert-info.js";
import { sendHandlers } from "./send-service.js";

/** The RPC edge of the messages. It converts requests and responses, and has no rules of its own. */
export function messageHandlers<Handler>(adapter: Adapter<Handler>, parts: MessageParts, statuses: StatusMap) {
  const { sender, reader, lister, canceller } = parts;

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
  };
}

function toMayUse({ principal }: CallContext): MayUse {
  return (number) => principal.mayUse("number", number);
}
