// Original file: proto/posta/message/v1/message_service.proto

import type { Outcome as _posta_message_v1_Outcome, Outcome__Output as _posta_message_v1_Outcome__Output } from '../../../posta/message/v1/Outcome.js';

export interface SendMessageResponse {
  'messageId'?: (string);
  'outcome'?: (_posta_message_v1_Outcome);
}

export interface SendMessageResponse__Output {
  'messageId': (string);
  'outcome': (_posta_message_v1_Outcome__Output);
}
