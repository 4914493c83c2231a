// Original file: proto/posta/analytics/v1/series.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface Point {
  'start'?: (_google_protobuf_Timestamp | null);
  'events'?: (number | string | Long);
  'total'?: (number | string);
}

export interface Point__Output {
  'start': (_google_protobuf_Timestamp__Output | null);
  'events': (number);
  'total': (number);
}
