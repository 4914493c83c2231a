// Original file: proto/posta/message/v1/message.proto

import type { DeadLetterKind as _posta_message_v1_DeadLetterKind, DeadLetterKind__Output as _posta_message_v1_DeadLetterKind__Output } from '../../../posta/message/v1/DeadLetterKind.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';

export interface DeadLetter {
  'id'?: (string);
  'kind'?: (_posta_message_v1_DeadLetterKind);
  'source'?: (string);
  'ref'?: (string);
  'reason'?: (string);
  'errorCode'?: (number);
  'contentJson'?: (string);
  'historyJson'?: (string);
  'failTime'?: (_google_protobuf_Timestamp | null);
  'redriveTime'?: (_google_protobuf_Timestamp | null);
  'cutFields'?: (string)[];
}

export interface DeadLetter__Output {
  'id': (string);
  'kind': (_posta_message_v1_DeadLetterKind__Output);
  'source': (string);
  'ref': (string);
  'reason': (string);
  'errorCode': (number);
  'contentJson': (string);
  'historyJson': (string);
  'failTime': (_google_protobuf_Timestamp__Output | null);
  'redriveTime': (_google_protobuf_Timestamp__Output | null);
  'cutFields': (string)[];
}
