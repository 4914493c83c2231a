// Original file: proto/posta/message/v1/message_service.proto

import type { OutgoingMessage as _posta_message_v1_OutgoingMessage, OutgoingMessage__Output as _posta_message_v1_OutgoingMessage__Output } from '../../../posta/message/v1/OutgoingMessage.js';

export interface SendMessagesRequest {
  'messages'?: (_posta_message_v1_OutgoingMessage)[];
}

export interface SendMessagesRequest__Output {
  'messages': (_posta_message_v1_OutgoingMessage__Output)[];
}
