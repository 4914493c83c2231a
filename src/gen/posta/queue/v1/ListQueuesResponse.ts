// Original file: proto/posta/queue/v1/queue_service.proto

import type { Queue as _posta_queue_v1_Queue, Queue__Output as _posta_queue_v1_Queue__Output } from '../../../posta/queue/v1/Queue.js';

export interface ListQueuesResponse {
  'queues'?: (_posta_queue_v1_Queue)[];
  'nextPageToken'?: (string);
}

export interface ListQueuesResponse__Output {
  'queues': (_posta_queue_v1_Queue__Output)[];
  'nextPageToken': (string);
}
