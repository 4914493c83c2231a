// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { Point as _posta_analytics_v1_Point, Point__Output as _posta_analytics_v1_Point__Output } from '../../../posta/analytics/v1/Point.js';

export interface GetTimeSeriesResponse {
  'points'?: (_posta_analytics_v1_Point)[];
}

export interface GetTimeSeriesResponse__Output {
  'points': (_posta_analytics_v1_Point__Output)[];
}
