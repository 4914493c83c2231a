// Original file: proto/posta/queue/v1/work_session.proto

import type { LeasedJob as _posta_queue_v1_LeasedJob, LeasedJob__Output as _posta_queue_v1_LeasedJob__Output } from '../../../posta/queue/v1/LeasedJob.js';
import type { Long } from '@grpc/proto-loader';

export interface WorkAssign {
  'sequence'?: (number | string | Long);
  'queue'?: (string);
  'jobs'?: (_posta_queue_v1_LeasedJob)[];
}

export interface WorkAssign__Output {
  'sequence': (number);
  'queue': (string);
  'jobs': (_posta_queue_v1_LeasedJob__Output)[];
}
