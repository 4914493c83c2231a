// Original file: proto/posta/message/v1/message.proto

import type { Text as _posta_message_v1_Text, Text__Output as _posta_message_v1_Text__Output } from '../../../posta/message/v1/Text.js';
import type { Template as _posta_message_v1_Template, Template__Output as _posta_message_v1_Template__Output } from '../../../posta/message/v1/Template.js';
import type { Media as _posta_message_v1_Media, Media__Output as _posta_message_v1_Media__Output } from '../../../posta/message/v1/Media.js';
import type { Interactive as _posta_message_v1_Interactive, Interactive__Output as _posta_message_v1_Interactive__Output } from '../../../posta/message/v1/Interactive.js';
import type { Priority as _posta_message_v1_Priority, Priority__Output as _posta_message_v1_Priority__Output } from '../../../posta/message/v1/Priority.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { DeliveryPolicy as _posta_message_v1_DeliveryPolicy, DeliveryPolicy__Output as _posta_message_v1_DeliveryPolicy__Output } from '../../../posta/message/v1/DeliveryPolicy.js';

export interface OutgoingMessage {
  'to'?: (string);
  'from'?: (string);
  'idempotencyKey'?: (string);
  'text'?: (_posta_message_v1_Text | null);
  'template'?: (_posta_message_v1_Template | null);
  'media'?: (_posta_message_v1_Media | null);
  'interactive'?: (_posta_message_v1_Interactive | null);
  'priority'?: (_posta_message_v1_Priority);
  'sendTime'?: (_google_protobuf_Timestamp | null);
  'expireTime'?: (_google_protobuf_Timestamp | null);
  'policy'?: (_posta_message_v1_DeliveryPolicy);
  'replyTo'?: (string);
  'content'?: "text"|"template"|"media"|"interactive";
}

export interface OutgoingMessage__Output {
  'to': (string);
  'from': (string);
  'idempotencyKey': (string);
  'text'?: (_posta_message_v1_Text__Output | null);
  'template'?: (_posta_message_v1_Template__Output | null);
  'media'?: (_posta_message_v1_Media__Output | null);
  'interactive'?: (_posta_message_v1_Interactive__Output | null);
  'priority': (_posta_message_v1_Priority__Output);
  'sendTime': (_google_protobuf_Timestamp__Output | null);
  'expireTime': (_google_protobuf_Timestamp__Output | null);
  'policy': (_posta_message_v1_DeliveryPolicy__Output);
  'replyTo': (string);
  'content'?: "text"|"template"|"media"|"interactive";
}
