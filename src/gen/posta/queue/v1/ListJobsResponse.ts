// Original file: proto/posta/queue/v1/queue_service.proto

import type { JobInfo as _posta_queue_v1_JobInfo, JobInfo__Output as _posta_queue_v1_JobInfo__Output } from '../../../posta/queue/v1/JobInfo.js';

export interface ListJobsResponse {
  'jobs'?: (_posta_queue_v1_JobInfo)[];
  'nextPageToken'?: (string);
}

export interface ListJobsResponse__Output {
  'jobs': (_posta_queue_v1_JobInfo__Output)[];
  'nextPageToken': (string);
}
