// Original file: proto/posta/message/v1/message.proto

import type { MessageStatus as _posta_message_v1_MessageStatus, MessageStatus__Output as _posta_message_v1_MessageStatus__Output } from '../../../posta/message/v1/MessageStatus.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { Priority as _posta_message_v1_Priority, Priority__Output as _posta_message_v1_Priority__Output } from '../../../posta/message/v1/Priority.js';
import type { DeliveryPolicy as _posta_message_v1_DeliveryPolicy, DeliveryPolicy__Output as _posta_message_v1_DeliveryPolicy__Output } from '../../../posta/message/v1/DeliveryPolicy.js';

export interface MessageInfo {
  'id'?: (string);
  'to'?: (string);
  'from'?: (string);
  'type'?: (string);
  'status'?: (_posta_message_v1_MessageStatus);
  'statusTime'?: (_google_protobuf_Timestamp | null);
  'createTime'?: (_google_protobuf_Timestamp | null);
  'sendTime'?: (_google_protobuf_Timestamp | null);
  'expireTime'?: (_google_protobuf_Timestamp | null);
  'priority'?: (_posta_message_v1_Priority);
  'policy'?: (_posta_message_v1_DeliveryPolicy);
  'attempts'?: (number);
  'wamid'?: (string);
  'errorCode'?: (number);
  'errorMessage'?: (string);
  'idempotencyKey'?: (string);
  'contentJson'?: (string);
}

export interface MessageInfo__Output {
  'id': (string);
  'to': (string);
  'from': (string);
  'type': (string);
  'status': (_posta_message_v1_MessageStatus__Output);
  'statusTime': (_google_protobuf_Timestamp__Output | null);
  'createTime': (_google_protobuf_Timestamp__Output | null);
  'sendTime': (_google_protobuf_Timestamp__Output | null);
  'expireTime': (_google_protobuf_Timestamp__Output | null);
  'priority': (_posta_message_v1_Priority__Output);
  'policy': (_posta_message_v1_DeliveryPolicy__Output);
  'attempts': (number);
  'wamid': (string);
  'errorCode': (number);
  'errorMessage': (string);
  'idempotencyKey': (string);
  'contentJson': (string);
}
