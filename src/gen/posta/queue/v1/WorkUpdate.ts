// Original file: proto/posta/queue/v1/work_session.proto

import type { JobUpdate as _posta_queue_v1_JobUpdate, JobUpdate__Output as _posta_queue_v1_JobUpdate__Output } from '../../../posta/queue/v1/JobUpdate.js';
import type { Long } from '@grpc/proto-loader';

export interface WorkUpdate {
  'reportId'?: (number | string | Long);
  'queue'?: (string);
  'update'?: (_posta_queue_v1_JobUpdate | null);
}

export interface WorkUpdate__Output {
  'reportId': (number);
  'queue': (string);
  'update': (_posta_queue_v1_JobUpdate__Output | null);
}
