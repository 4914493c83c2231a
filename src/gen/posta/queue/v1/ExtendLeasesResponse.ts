// Original file: proto/posta/queue/v1/lease.proto

import type { ExtendResult as _posta_queue_v1_ExtendResult, ExtendResult__Output as _posta_queue_v1_ExtendResult__Output } from '../../../posta/queue/v1/ExtendResult.js';

export interface ExtendLeasesResponse {
  'results'?: (_posta_queue_v1_ExtendResult)[];
}

export interface ExtendLeasesResponse__Output {
  'results': (_posta_queue_v1_ExtendResult__Output)[];
}
