// Original file: proto/posta/message/v1/message_service.proto

import type { Outcome as _posta_message_v1_Outcome, Outcome__Output as _posta_message_v1_Outcome__Output } from '../../../posta/message/v1/Outcome.js';
import type { Status as _google_rpc_Status, Status__Output as _google_rpc_Status__Output } from '../../../google/rpc/Status.js';

export interface SendResult {
  'messageId'?: (string);
  'outcome'?: (_posta_message_v1_Outcome);
  'error'?: (_google_rpc_Status | null);
}

export interface SendResult__Output {
  'messageId': (string);
  'outcome': (_posta_message_v1_Outcome__Output);
  'error': (_google_rpc_Status__Output | null);
}
