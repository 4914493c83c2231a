// Original file: proto/posta/queue/v1/queue.proto

import type { RateLimit as _posta_queue_v1_RateLimit, RateLimit__Output as _posta_queue_v1_RateLimit__Output } from '../../../posta/queue/v1/RateLimit.js';

export interface QueueLimits {
  'concurrency'?: (number);
  'rate'?: (_posta_queue_v1_RateLimit | null);
  'maxEvents'?: (number);
  '_concurrency'?: "concurrency";
  '_maxEvents'?: "maxEvents";
}

export interface QueueLimits__Output {
  'concurrency'?: (number);
  'rate': (_posta_queue_v1_RateLimit__Output | null);
  'maxEvents'?: (number);
  '_concurrency'?: "concurrency";
  '_maxEvents'?: "maxEvents";
}
