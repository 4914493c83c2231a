// Original file: proto/posta/queue/v1/queue_service.proto

import type { AddResult as _posta_queue_v1_AddResult, AddResult__Output as _posta_queue_v1_AddResult__Output } from '../../../posta/queue/v1/AddResult.js';

export interface AddJobsResponse {
  'results'?: (_posta_queue_v1_AddResult)[];
}

export interface AddJobsResponse__Output {
  'results': (_posta_queue_v1_AddResult__Output)[];
}
