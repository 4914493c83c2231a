// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { Series as _posta_analytics_v1_Series, Series__Output as _posta_analytics_v1_Series__Output } from '../../../posta/analytics/v1/Series.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';

export interface GetCountersRequest {
  'series'?: (_posta_analytics_v1_Series)[];
  'start'?: (_google_protobuf_Timestamp | null);
  'end'?: (_google_protobuf_Timestamp | null);
}

export interface GetCountersRequest__Output {
  'series': (_posta_analytics_v1_Series__Output)[];
  'start': (_google_protobuf_Timestamp__Output | null);
  'end': (_google_protobuf_Timestamp__Output | null);
}
