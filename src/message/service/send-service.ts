import { invalid, PostaError } from "../../errors/posta-error.js";
import type { SendMessageRequest__Output as SendMessage } from "../../gen/posta/message/v1/SendMessageRequest.js";
import type { SendMessageResponse } from "../../gen/posta/message/v1/SendMessageResponse.js";
import type { SendMessagesRequest__Output as SendMessages } from "../../gen/posta/message/v1/SendMessagesRequest.js";
import type { SendMessagesResponse } from "../../gen/posta/message/v1/SendMessagesResponse.js";
import type { Adapter, CallContext } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import type { MessageSender, SendCaller, SendResult } from "../accept/send.js";
import { toMessageOrError, toOutcome, toResultMessage } from "./convert-message.js";

const maxMessages = 1000;

/** The part of MessageService that takes messages: SendMessage, SendMessages. */
export function sendHandlers<Handler>(adapter: Adapter<Handler>, sender: MessageSender, statuses: StatusMap) {
  async function sendMessage({ message }: SendMessage, context: CallContext): Promise<SendMessageResponse> {
    if (!message) throw invalid("message", "is required");
    const [result] = await sender.send([toMessageOrError(message)], toCaller(context), () => "message");
    if (result instanceof PostaError) throw result;
    const { id, outcome } = result as Exclude<SendResult, PostaError>;
    return { messageId: id, outcome: toOutcome(outcome) };
  }

  async function sendMessages({ messages }: SendMessages, context: CallContext): Promise<SendMessagesResponse> {
    if (messages.length === 0) throw invalid("messages", "is required");
    if (messages.length > maxMessages) throw invalid("messages", `${messages.length} items is over ${maxMessages}`);
    const results = await sender.send(messages.map(toMessageOrError), toCaller(context));
    const toItem = statuses.forItems();
    return { results: results.map((result) => toResultMessage(result, toItem)) };
  }

  return { SendMessage: adapter.unary(sendMessage), SendMessages: adapter.unary(sendMessages) };
}

function toCaller(context: CallContext): SendCaller {
  return {
    get cancelled() {
      return context.cancelled;
    },
    deadline: context.deadline,
    requestId: context.requestId,
    requireSender: (number) => context.principal.require("number", number),
    maySendFrom: (number) => context.principal.mayUse("number", number),
  };
}
