// Original file: proto/posta/queue/v1/queue_service.proto

import type { StreamAck as _posta_queue_v1_StreamAck, StreamAck__Output as _posta_queue_v1_StreamAck__Output } from '../../../posta/queue/v1/StreamAck.js';

export interface StreamAddJobsResponse {
  'acks'?: (_posta_queue_v1_StreamAck)[];
}

export interface StreamAddJobsResponse__Output {
  'acks': (_posta_queue_v1_StreamAck__Output)[];
}
