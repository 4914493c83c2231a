// Original file: proto/posta/queue/v1/queue_service.proto

import type { JobState as _posta_queue_v1_JobState, JobState__Output as _posta_queue_v1_JobState__Output } from '../../../posta/queue/v1/JobState.js';

export interface RetryJobsRequest {
  'queue'?: (string);
  'state'?: (_posta_queue_v1_JobState);
}

export interface RetryJobsRequest__Output {
  'queue': (string);
  'state': (_posta_queue_v1_JobState__Output);
}
