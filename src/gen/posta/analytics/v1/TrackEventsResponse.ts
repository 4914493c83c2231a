// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { TrackResult as _posta_analytics_v1_TrackResult, TrackResult__Output as _posta_analytics_v1_TrackResult__Output } from '../../../posta/analytics/v1/TrackResult.js';

export interface TrackEventsResponse {
  'results'?: (_posta_analytics_v1_TrackResult)[];
}

export interface TrackEventsResponse__Output {
  'results': (_posta_analytics_v1_TrackResult__Output)[];
}
