// Original file: proto/posta/message/v1/content.proto

import type { TemplateComponentType as _posta_message_v1_TemplateComponentType, TemplateComponentType__Output as _posta_message_v1_TemplateComponentType__Output } from '../../../posta/message/v1/TemplateComponentType.js';
import type { ButtonType as _posta_message_v1_ButtonType, ButtonType__Output as _posta_message_v1_ButtonType__Output } from '../../../posta/message/v1/ButtonType.js';
import type { TemplateParameter as _posta_message_v1_TemplateParameter, TemplateParameter__Output as _posta_message_v1_TemplateParameter__Output } from '../../../posta/message/v1/TemplateParameter.js';

export interface TemplateComponent {
  'type'?: (_posta_message_v1_TemplateComponentType);
  'buttonType'?: (_posta_message_v1_ButtonType);
  'buttonIndex'?: (number);
  'parameters'?: (_posta_message_v1_TemplateParameter)[];
}

export interface TemplateComponent__Output {
  'type': (_posta_message_v1_TemplateComponentType__Output);
  'buttonType': (_posta_message_v1_ButtonType__Output);
  'buttonIndex': (number);
  'parameters': (_posta_message_v1_TemplateParameter__Output)[];
}
