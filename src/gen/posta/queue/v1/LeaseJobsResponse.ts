// Original file: proto/posta/queue/v1/lease.proto

import type { LeasedJob as _posta_queue_v1_LeasedJob, LeasedJob__Output as _posta_queue_v1_LeasedJob__Output } from '../../../posta/queue/v1/LeasedJob.js';

export interface LeaseJobsResponse {
  'jobs'?: (_posta_queue_v1_LeasedJob)[];
  'drain'?: (boolean);
}

export interface LeaseJobsResponse__Output {
  'jobs': (_posta_queue_v1_LeasedJob__Output)[];
  'drain': (boolean);
}
