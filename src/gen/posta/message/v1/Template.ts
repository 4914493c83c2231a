// Original file: proto/posta/message/v1/content.proto

import type { TemplateComponent as _posta_message_v1_TemplateComponent, TemplateComponent__Output as _posta_message_v1_TemplateComponent__Output } from '../../../posta/message/v1/TemplateComponent.js';

export interface Template {
  'name'?: (string);
  'language'?: (string);
  'components'?: (_posta_message_v1_TemplateComponent)[];
}

export interface Template__Output {
  'name': (string);
  'language': (string);
  'components': (_posta_message_v1_TemplateComponent__Output)[];
}
