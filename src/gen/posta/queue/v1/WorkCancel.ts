// Original file: proto/posta/queue/v1/work_session.proto

import type { WorkLease as _posta_queue_v1_WorkLease, WorkLease__Output as _posta_queue_v1_WorkLease__Output } from '../../../posta/queue/v1/WorkLease.js';
import type { CancelOrder as _posta_queue_v1_CancelOrder, CancelOrder__Output as _posta_queue_v1_CancelOrder__Output } from '../../../posta/queue/v1/CancelOrder.js';

export interface WorkCancel {
  'lease'?: (_posta_queue_v1_WorkLease | null);
  'order'?: (_posta_queue_v1_CancelOrder | null);
}

export interface WorkCancel__Output {
  'lease': (_posta_queue_v1_WorkLease__Output | null);
  'order': (_posta_queue_v1_CancelOrder__Output | null);
}
