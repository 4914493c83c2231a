// Original file: proto/posta/message/v1/content.proto

import type { Long } from '@grpc/proto-loader';

export interface Currency {
  'fallbackValue'?: (string);
  'code'?: (string);
  'amount_1000'?: (number | string | Long);
}

export interface Currency__Output {
  'fallbackValue': (string);
  'code': (string);
  'amount_1000': (number);
}
