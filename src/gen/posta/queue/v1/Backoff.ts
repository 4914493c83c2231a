// Original file: proto/posta/queue/v1/job.proto

import type { BackoffType as _posta_queue_v1_BackoffType, BackoffType__Output as _posta_queue_v1_BackoffType__Output } from '../../../posta/queue/v1/BackoffType.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';

export interface Backoff {
  'type'?: (_posta_queue_v1_BackoffType);
  'delay'?: (_google_protobuf_Duration | null);
  'jitter'?: (number | string);
}

export interface Backoff__Output {
  'type': (_posta_queue_v1_BackoffType__Output);
  'delay': (_google_protobuf_Duration__Output | null);
  'jitter': (number);
}
