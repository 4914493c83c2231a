// Original file: proto/posta/message/v1/message_service.proto

import type { MessageStatus as _posta_message_v1_MessageStatus, MessageStatus__Output as _posta_message_v1_MessageStatus__Output } from '../../../posta/message/v1/MessageStatus.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';

export interface ListMessagesRequest {
  'to'?: (string);
  'status'?: (_posta_message_v1_MessageStatus);
  'startTime'?: (_google_protobuf_Timestamp | null);
  'endTime'?: (_google_protobuf_Timestamp | null);
  'pageSize'?: (number);
  'pageToken'?: (string);
  'by'?: "to"|"status";
}

export interface ListMessagesRequest__Output {
  'to'?: (string);
  'status'?: (_posta_message_v1_MessageStatus__Output);
  'startTime': (_google_protobuf_Timestamp__Output | null);
  'endTime': (_google_protobuf_Timestamp__Output | null);
  'pageSize': (number);
  'pageToken': (string);
  'by'?: "to"|"status";
}
