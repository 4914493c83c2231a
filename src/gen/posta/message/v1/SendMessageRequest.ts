// Original file: proto/posta/message/v1/message_service.proto

import type { OutgoingMessage as _posta_message_v1_OutgoingMessage, OutgoingMessage__Output as _posta_message_v1_OutgoingMessage__Output } from '../../../posta/message/v1/OutgoingMessage.js';

export interface SendMessageRequest {
  'message'?: (_posta_message_v1_OutgoingMessage | null);
}

export interface SendMessageRequest__Output {
  'message': (_posta_message_v1_OutgoingMessage__Output | null);
}
