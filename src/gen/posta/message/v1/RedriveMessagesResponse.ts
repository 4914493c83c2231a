// Original file: proto/posta/message/v1/message_service.proto

import type { RedriveResult as _posta_message_v1_RedriveResult, RedriveResult__Output as _posta_message_v1_RedriveResult__Output } from '../../../posta/message/v1/RedriveResult.js';

export interface RedriveMessagesResponse {
  'results'?: (_posta_message_v1_RedriveResult)[];
}

export interface RedriveMessagesResponse__Output {
  'results': (_posta_message_v1_RedriveResult__Output)[];
}
