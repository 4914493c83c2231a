// Original file: proto/posta/analytics/v1/series.proto

import type { Long } from '@grpc/proto-loader';

export interface TopValue {
  'value'?: (string);
  'events'?: (number | string | Long);
}

export interface TopValue__Output {
  'value': (string);
  'events': (number);
}
