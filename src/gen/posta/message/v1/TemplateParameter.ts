// Original file: proto/posta/message/v1/content.proto

import type { Media as _posta_message_v1_Media, Media__Output as _posta_message_v1_Media__Output } from '../../../posta/message/v1/Media.js';
import type { Currency as _posta_message_v1_Currency, Currency__Output as _posta_message_v1_Currency__Output } from '../../../posta/message/v1/Currency.js';

export interface TemplateParameter {
  'name'?: (string);
  'text'?: (string);
  'media'?: (_posta_message_v1_Media | null);
  'currency'?: (_posta_message_v1_Currency | null);
  'dateTime'?: (string);
  'payload'?: (string);
  'couponCode'?: (string);
  'value'?: "text"|"media"|"currency"|"dateTime"|"payload"|"couponCode";
}

export interface TemplateParameter__Output {
  'name': (string);
  'text'?: (string);
  'media'?: (_posta_message_v1_Media__Output | null);
  'currency'?: (_posta_message_v1_Currency__Output | null);
  'dateTime'?: (string);
  'payload'?: (string);
  'couponCode'?: (string);
  'value'?: "text"|"media"|"currency"|"dateTime"|"payload"|"couponCode";
}
