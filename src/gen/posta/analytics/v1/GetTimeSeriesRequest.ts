// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { Series as _posta_analytics_v1_Series, Series__Output as _posta_analytics_v1_Series__Output } from '../../../posta/analytics/v1/Series.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { Interval as _posta_analytics_v1_Interval, Interval__Output as _posta_analytics_v1_Interval__Output } from '../../../posta/analytics/v1/Interval.js';

export interface GetTimeSeriesRequest {
  'series'?: (_posta_analytics_v1_Series | null);
  'start'?: (_google_protobuf_Timestamp | null);
  'end'?: (_google_protobuf_Timestamp | null);
  'interval'?: (_posta_analytics_v1_Interval);
  'timeZone'?: (string);
}

export interface GetTimeSeriesRequest__Output {
  'series': (_posta_analytics_v1_Series__Output | null);
  'start': (_google_protobuf_Timestamp__Output | null);
  'end': (_google_protobuf_Timestamp__Output | null);
  'interval': (_posta_analytics_v1_Interval__Output);
  'timeZone': (string);
}
