// Original file: proto/posta/queue/v1/queue_service.proto

import type { Queue as _posta_queue_v1_Queue, Queue__Output as _posta_queue_v1_Queue__Output } from '../../../posta/queue/v1/Queue.js';

export interface GetQueueResponse {
  'queue'?: (_posta_queue_v1_Queue | null);
}

export interface GetQueueResponse__Output {
  'queue': (_posta_queue_v1_Queue__Output | null);
}
