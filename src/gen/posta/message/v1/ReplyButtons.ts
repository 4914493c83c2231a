// Original file: proto/posta/message/v1/content.proto

import type { ReplyButton as _posta_message_v1_ReplyButton, ReplyButton__Output as _posta_message_v1_ReplyButton__Output } from '../../../posta/message/v1/ReplyButton.js';

export interface ReplyButtons {
  'buttons'?: (_posta_message_v1_ReplyButton)[];
}

export interface ReplyButtons__Output {
  'buttons': (_posta_message_v1_ReplyButton__Output)[];
}
