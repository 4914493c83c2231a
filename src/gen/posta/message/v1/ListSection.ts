// Original file: proto/posta/message/v1/content.proto

import type { ListRow as _posta_message_v1_ListRow, ListRow__Output as _posta_message_v1_ListRow__Output } from '../../../posta/message/v1/ListRow.js';

export interface ListSection {
  'title'?: (string);
  'rows'?: (_posta_message_v1_ListRow)[];
}

export interface ListSection__Output {
  'title': (string);
  'rows': (_posta_message_v1_ListRow__Output)[];
}
