// Original file: proto/posta/queue/v1/queue_service.proto

import type { JobState as _posta_queue_v1_JobState, JobState__Output as _posta_queue_v1_JobState__Output } from '../../../posta/queue/v1/JobState.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';

export interface CleanQueueRequest {
  'queue'?: (string);
  'state'?: (_posta_queue_v1_JobState);
  'olderThan'?: (_google_protobuf_Duration | null);
  'limit'?: (number);
}

export interface CleanQueueRequest__Output {
  'queue': (string);
  'state': (_posta_queue_v1_JobState__Output);
  'olderThan': (_google_protobuf_Duration__Output | null);
  'limit': (number);
}
