// Original file: proto/posta/queue/v1/work_session.proto

import type { Long } from '@grpc/proto-loader';

export interface WorkDrained {
  'lastSequence'?: (number | string | Long);
}

export interface WorkDrained__Output {
  'lastSequence': (number);
}
