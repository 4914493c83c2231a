// Original file: proto/posta/message/v1/message_service.proto

import type { DeadLetter as _posta_message_v1_DeadLetter, DeadLetter__Output as _posta_message_v1_DeadLetter__Output } from '../../../posta/message/v1/DeadLetter.js';

export interface ListDeadLettersResponse {
  'deadLetters'?: (_posta_message_v1_DeadLetter)[];
  'nextPageToken'?: (string);
}

export interface ListDeadLettersResponse__Output {
  'deadLetters': (_posta_message_v1_DeadLetter__Output)[];
  'nextPageToken': (string);
}
