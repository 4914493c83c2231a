// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { TrackResult as _posta_analytics_v1_TrackResult, TrackResult__Output as _posta_analytics_v1_TrackResult__Output } from '../../../posta/analytics/v1/TrackResult.js';
import type { Long } from '@grpc/proto-loader';

export interface StreamAck {
  'sequence'?: (number | string | Long);
  'results'?: (_posta_analytics_v1_TrackResult)[];
}

export interface StreamAck__Output {
  'sequence': (number);
  'results': (_posta_analytics_v1_TrackResult__Output)[];
}
