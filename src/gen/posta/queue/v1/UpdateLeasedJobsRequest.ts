// Original file: proto/posta/queue/v1/report.proto

import type { JobUpdate as _posta_queue_v1_JobUpdate, JobUpdate__Output as _posta_queue_v1_JobUpdate__Output } from '../../../posta/queue/v1/JobUpdate.js';

export interface UpdateLeasedJobsRequest {
  'queue'?: (string);
  'updates'?: (_posta_queue_v1_JobUpdate)[];
}

export interface UpdateLeasedJobsRequest__Output {
  'queue': (string);
  'updates': (_posta_queue_v1_JobUpdate__Output)[];
}
