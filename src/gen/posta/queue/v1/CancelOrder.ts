// Original file: proto/posta/queue/v1/lease.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';

export interface CancelOrder {
  'reason'?: (string);
  'grace'?: (_google_protobuf_Duration | null);
}

export interface CancelOrder__Output {
  'reason': (string);
  'grace': (_google_protobuf_Duration__Output | null);
}
