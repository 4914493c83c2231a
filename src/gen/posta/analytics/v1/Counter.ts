// Original file: proto/posta/analytics/v1/series.proto

import type { Long } from '@grpc/proto-loader';

export interface Counter {
  'events'?: (number | string | Long);
  'total'?: (number | string);
}

export interface Counter__Output {
  'events': (number);
  'total': (number);
}
