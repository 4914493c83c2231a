// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { Long } from '@grpc/proto-loader';

export interface CountUniqueResponse {
  'subjects'?: (number | string | Long);
  'exact'?: (boolean);
}

export interface CountUniqueResponse__Output {
  'subjects': (number);
  'exact': (boolean);
}
