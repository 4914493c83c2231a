// Original file: proto/posta/queue/v1/queue_service.proto

import type { Outcome as _posta_queue_v1_Outcome, Outcome__Output as _posta_queue_v1_Outcome__Output } from '../../../posta/queue/v1/Outcome.js';

export interface AddJobResponse {
  'jobId'?: (string);
  'outcome'?: (_posta_queue_v1_Outcome);
}

export interface AddJobResponse__Output {
  'jobId': (string);
  'outcome': (_posta_queue_v1_Outcome__Output);
}
