// Original file: proto/posta/queue/v1/queue_service.proto

import type { Outcome as _posta_queue_v1_Outcome, Outcome__Output as _posta_queue_v1_Outcome__Output } from '../../../posta/queue/v1/Outcome.js';
import type { Status as _google_rpc_Status, Status__Output as _google_rpc_Status__Output } from '../../../google/rpc/Status.js';

export interface AddResult {
  'jobId'?: (string);
  'outcome'?: (_posta_queue_v1_Outcome);
  'error'?: (_google_rpc_Status | null);
}

export interface AddResult__Output {
  'jobId': (string);
  'outcome': (_posta_queue_v1_Outcome__Output);
  'error': (_google_rpc_Status__Output | null);
}
