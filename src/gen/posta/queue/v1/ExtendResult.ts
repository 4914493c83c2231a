// Original file: proto/posta/queue/v1/lease.proto

import type { CancelOrder as _posta_queue_v1_CancelOrder, CancelOrder__Output as _posta_queue_v1_CancelOrder__Output } from '../../../posta/queue/v1/CancelOrder.js';

export interface ExtendResult {
  'jobId'?: (string);
  'held'?: (boolean);
  'cancel'?: (_posta_queue_v1_CancelOrder | null);
}

export interface ExtendResult__Output {
  'jobId': (string);
  'held': (boolean);
  'cancel': (_posta_queue_v1_CancelOrder__Output | null);
}
