// Original file: proto/posta/message/v1/message.proto

import type { MessageStatus as _posta_message_v1_MessageStatus, MessageStatus__Output as _posta_message_v1_MessageStatus__Output } from '../../../posta/message/v1/MessageStatus.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';

export interface MessageEvent {
  'status'?: (_posta_message_v1_MessageStatus);
  'time'?: (_google_protobuf_Timestamp | null);
  'attempt'?: (number);
  'errorCode'?: (number);
  'detail'?: (string);
}

export interface MessageEvent__Output {
  'status': (_posta_message_v1_MessageStatus__Output);
  'time': (_google_protobuf_Timestamp__Output | null);
  'attempt': (number);
  'errorCode': (number);
  'detail': (string);
}
