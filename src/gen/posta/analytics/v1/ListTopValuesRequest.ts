// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';

export interface ListTopValuesRequest {
  'name'?: (string);
  'dimension'?: (string);
  'start'?: (_google_protobuf_Timestamp | null);
  'end'?: (_google_protobuf_Timestamp | null);
  'limit'?: (number);
}

export interface ListTopValuesRequest__Output {
  'name': (string);
  'dimension': (string);
  'start': (_google_protobuf_Timestamp__Output | null);
  'end': (_google_protobuf_Timestamp__Output | null);
  'limit': (number);
}
