// Original file: proto/posta/message/v1/content.proto

import type { ListSection as _posta_message_v1_ListSection, ListSection__Output as _posta_message_v1_ListSection__Output } from '../../../posta/message/v1/ListSection.js';

export interface ReplyList {
  'button'?: (string);
  'sections'?: (_posta_message_v1_ListSection)[];
}

export interface ReplyList__Output {
  'button': (string);
  'sections': (_posta_message_v1_ListSection__Output)[];
}
