// Original file: proto/posta/message/v1/message_service.proto

import type { SendResult as _posta_message_v1_SendResult, SendResult__Output as _posta_message_v1_SendResult__Output } from '../../../posta/message/v1/SendResult.js';

export interface SendMessagesResponse {
  'results'?: (_posta_message_v1_SendResult)[];
}

export interface SendMessagesResponse__Output {
  'results': (_posta_message_v1_SendResult__Output)[];
}
