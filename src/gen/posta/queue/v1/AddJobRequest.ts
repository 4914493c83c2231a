// Original file: proto/posta/queue/v1/queue_service.proto

import type { Job as _posta_queue_v1_Job, Job__Output as _posta_queue_v1_Job__Output } from '../../../posta/queue/v1/Job.js';

export interface AddJobRequest {
  'queue'?: (string);
  'job'?: (_posta_queue_v1_Job | null);
}

export interface AddJobRequest__Output {
  'queue': (string);
  'job': (_posta_queue_v1_Job__Output | null);
}
