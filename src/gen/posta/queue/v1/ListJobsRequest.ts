// Original file: proto/posta/queue/v1/queue_service.proto

import type { JobState as _posta_queue_v1_JobState, JobState__Output as _posta_queue_v1_JobState__Output } from '../../../posta/queue/v1/JobState.js';
import type { JobView as _posta_queue_v1_JobView, JobView__Output as _posta_queue_v1_JobView__Output } from '../../../posta/queue/v1/JobView.js';

export interface ListJobsRequest {
  'queue'?: (string);
  'state'?: (_posta_queue_v1_JobState);
  'pageSize'?: (number);
  'pageToken'?: (string);
  'view'?: (_posta_queue_v1_JobView);
}

export interface ListJobsRequest__Output {
  'queue': (string);
  'state': (_posta_queue_v1_JobState__Output);
  'pageSize': (number);
  'pageToken': (string);
  'view': (_posta_queue_v1_JobView__Output);
}
