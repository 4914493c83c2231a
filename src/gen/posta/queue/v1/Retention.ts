// Original file: proto/posta/queue/v1/job.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';

export interface Retention {
  'age'?: (_google_protobuf_Duration | null);
  'count'?: (number);
  '_count'?: "count";
}

export interface Retention__Output {
  'age': (_google_protobuf_Duration__Output | null);
  'count'?: (number);
  '_count'?: "count";
}
