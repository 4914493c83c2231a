// Original file: proto/posta/queue/v1/job.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';

export interface Deduplication {
  'id'?: (string);
  'ttl'?: (_google_protobuf_Duration | null);
  'extend'?: (boolean);
  'replace'?: (boolean);
}

export interface Deduplication__Output {
  'id': (string);
  'ttl': (_google_protobuf_Duration__Output | null);
  'extend': (boolean);
  'replace': (boolean);
}
