// Original file: proto/posta/queue/v1/work_session.proto

import type { Long } from '@grpc/proto-loader';

export interface WorkPong {
  'ackSequence'?: (number | string | Long);
}

export interface WorkPong__Output {
  'ackSequence': (number);
}
