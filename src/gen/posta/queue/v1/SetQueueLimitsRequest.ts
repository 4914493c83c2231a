// Original file: proto/posta/queue/v1/queue_service.proto

import type { QueueLimits as _posta_queue_v1_QueueLimits, QueueLimits__Output as _posta_queue_v1_QueueLimits__Output } from '../../../posta/queue/v1/QueueLimits.js';

export interface SetQueueLimitsRequest {
  'queue'?: (string);
  'limits'?: (_posta_queue_v1_QueueLimits | null);
}

export interface SetQueueLimitsRequest__Output {
  'queue': (string);
  'limits': (_posta_queue_v1_QueueLimits__Output | null);
}
