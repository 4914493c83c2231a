// Original file: proto/posta/queue/v1/report.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';

export interface Fail {
  'message'?: (string);
  'stack'?: (string);
  'unrecoverable'?: (boolean);
  'retryDelay'?: (_google_protobuf_Duration | null);
}

export interface Fail__Output {
  'message': (string);
  'stack': (string);
  'unrecoverable': (boolean);
  'retryDelay': (_google_protobuf_Duration__Output | null);
}
