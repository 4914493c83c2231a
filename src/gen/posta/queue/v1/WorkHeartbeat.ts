// Original file: proto/posta/queue/v1/work_session.proto

import type { Long } from '@grpc/proto-loader';

export interface WorkHeartbeat {
  'ackSequence'?: (number | string | Long);
}

export interface WorkHeartbeat__Output {
  'ackSequence': (number);
}
