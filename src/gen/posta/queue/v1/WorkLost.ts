// Original file: proto/posta/queue/v1/work_session.proto

import type { WorkLease as _posta_queue_v1_WorkLease, WorkLease__Output as _posta_queue_v1_WorkLease__Output } from '../../../posta/queue/v1/WorkLease.js';

export interface WorkLost {
  'leases'?: (_posta_queue_v1_WorkLease)[];
}

export interface WorkLost__Output {
  'leases': (_posta_queue_v1_WorkLease__Output)[];
}
