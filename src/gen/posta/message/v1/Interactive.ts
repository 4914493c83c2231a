// Original file: proto/posta/message/v1/content.proto

import type { ReplyButtons as _posta_message_v1_ReplyButtons, ReplyButtons__Output as _posta_message_v1_ReplyButtons__Output } from '../../../posta/message/v1/ReplyButtons.js';
import type { ReplyList as _posta_message_v1_ReplyList, ReplyList__Output as _posta_message_v1_ReplyList__Output } from '../../../posta/message/v1/ReplyList.js';
import type { CallToAction as _posta_message_v1_CallToAction, CallToAction__Output as _posta_message_v1_CallToAction__Output } from '../../../posta/message/v1/CallToAction.js';

export interface Interactive {
  'header'?: (string);
  'body'?: (string);
  'footer'?: (string);
  'buttons'?: (_posta_message_v1_ReplyButtons | null);
  'list'?: (_posta_message_v1_ReplyList | null);
  'callToAction'?: (_posta_message_v1_CallToAction | null);
  'action'?: "buttons"|"list"|"callToAction";
}

export interface Interactive__Output {
  'header': (string);
  'body': (string);
  'footer': (string);
  'buttons'?: (_posta_message_v1_ReplyButtons__Output | null);
  'list'?: (_posta_message_v1_ReplyList__Output | null);
  'callToAction'?: (_posta_message_v1_CallToAction__Output | null);
  'action'?: "buttons"|"list"|"callToAction";
}
