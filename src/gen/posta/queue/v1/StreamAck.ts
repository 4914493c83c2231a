// Original file: proto/posta/queue/v1/queue_service.proto

import type { AddResult as _posta_queue_v1_AddResult, AddResult__Output as _posta_queue_v1_AddResult__Output } from '../../../posta/queue/v1/AddResult.js';
import type { Long } from '@grpc/proto-loader';

export interface StreamAck {
  'sequence'?: (number | string | Long);
  'results'?: (_posta_queue_v1_AddResult)[];
}

export interface StreamAck__Output {
  'sequence': (number);
  'results': (_posta_queue_v1_AddResult__Output)[];
}
