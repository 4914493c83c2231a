// Original file: proto/posta/message/v1/message_service.proto

import type { DeadLetterKind as _posta_message_v1_DeadLetterKind, DeadLetterKind__Output as _posta_message_v1_DeadLetterKind__Output } from '../../../posta/message/v1/DeadLetterKind.js';

export interface ListDeadLettersRequest {
  'kind'?: (_posta_message_v1_DeadLetterKind);
  'source'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListDeadLettersRequest__Output {
  'kind': (_posta_message_v1_DeadLetterKind__Output);
  'source': (string);
  'pageSize': (number);
  'pageToken': (string);
}
