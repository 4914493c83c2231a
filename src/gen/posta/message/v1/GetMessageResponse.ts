// Original file: proto/posta/message/v1/message_service.proto

import type { MessageInfo as _posta_message_v1_MessageInfo, MessageInfo__Output as _posta_message_v1_MessageInfo__Output } from '../../../posta/message/v1/MessageInfo.js';
import type { MessageEvent as _posta_message_v1_MessageEvent, MessageEvent__Output as _posta_message_v1_MessageEvent__Output } from '../../../posta/message/v1/MessageEvent.js';

export interface GetMessageResponse {
  'message'?: (_posta_message_v1_MessageInfo | null);
  'history'?: (_posta_message_v1_MessageEvent)[];
}

export interface GetMessageResponse__Output {
  'message': (_posta_message_v1_MessageInfo__Output | null);
  'history': (_posta_message_v1_MessageEvent__Output)[];
}
