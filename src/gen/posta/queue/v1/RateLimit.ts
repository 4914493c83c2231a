// Original file: proto/posta/queue/v1/queue.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';

export interface RateLimit {
  'max'?: (number);
  'duration'?: (_google_protobuf_Duration | null);
}

export interface RateLimit__Output {
  'max': (number);
  'duration': (_google_protobuf_Duration__Output | null);
}
