// Original file: proto/posta/queue/v1/queue_service.proto

import type { Job as _posta_queue_v1_Job, Job__Output as _posta_queue_v1_Job__Output } from '../../../posta/queue/v1/Job.js';

export interface AddJobsRequest {
  'queue'?: (string);
  'jobs'?: (_posta_queue_v1_Job)[];
}

export interface AddJobsRequest__Output {
  'queue': (string);
  'jobs': (_posta_queue_v1_Job__Output)[];
}
