// Original file: proto/posta/message/v1/content.proto

import type { MediaKind as _posta_message_v1_MediaKind, MediaKind__Output as _posta_message_v1_MediaKind__Output } from '../../../posta/message/v1/MediaKind.js';

export interface Media {
  'kind'?: (_posta_message_v1_MediaKind);
  'id'?: (string);
  'link'?: (string);
  'caption'?: (string);
  'filename'?: (string);
  'source'?: "id"|"link";
}

export interface Media__Output {
  'kind': (_posta_message_v1_MediaKind__Output);
  'id'?: (string);
  'link'?: (string);
  'caption': (string);
  'filename': (string);
  'source'?: "id"|"link";
}
