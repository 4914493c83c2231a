// Original file: proto/posta/queue/v1/report.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';

export interface Postpone {
  'delay'?: (_google_protobuf_Duration | null);
}

export interface Postpone__Output {
  'delay': (_google_protobuf_Duration__Output | null);
}
