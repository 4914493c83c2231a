// Original file: proto/posta/queue/v1/work_session.proto

import type { WorkAck as _posta_queue_v1_WorkAck, WorkAck__Output as _posta_queue_v1_WorkAck__Output } from '../../../posta/queue/v1/WorkAck.js';

export interface WorkAcks {
  'acks'?: (_posta_queue_v1_WorkAck)[];
}

export interface WorkAcks__Output {
  'acks': (_posta_queue_v1_WorkAck__Output)[];
}
