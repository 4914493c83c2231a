// Original file: proto/posta/queue/v1/queue_service.proto

import type { Job as _posta_queue_v1_Job, Job__Output as _posta_queue_v1_Job__Output } from '../../../posta/queue/v1/Job.js';
import type { Long } from '@grpc/proto-loader';

export interface StreamAddJobsRequest {
  'sequence'?: (number | string | Long);
  'queue'?: (string);
  'jobs'?: (_posta_queue_v1_Job)[];
}

export interface StreamAddJobsRequest__Output {
  'sequence': (number);
  'queue': (string);
  'jobs': (_posta_queue_v1_Job__Output)[];
}
