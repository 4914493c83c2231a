// Original file: proto/posta/queue/v1/worker.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';

export interface CancelJobRequest {
  'queue'?: (string);
  'jobId'?: (string);
  'reason'?: (string);
  'grace'?: (_google_protobuf_Duration | null);
}

export interface CancelJobRequest__Output {
  'queue': (string);
  'jobId': (string);
  'reason': (string);
  'grace': (_google_protobuf_Duration__Output | null);
}
