// Original file: proto/posta/message/v1/message_service.proto

import type { MessageInfo as _posta_message_v1_MessageInfo, MessageInfo__Output as _posta_message_v1_MessageInfo__Output } from '../../../posta/message/v1/MessageInfo.js';

export interface ListMessagesResponse {
  'messages'?: (_posta_message_v1_MessageInfo)[];
  'nextPageToken'?: (string);
}

export interface ListMessagesResponse__Output {
  'messages': (_posta_message_v1_MessageInfo__Output)[];
  'nextPageToken': (string);
}
