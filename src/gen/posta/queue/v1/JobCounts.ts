// Original file: proto/posta/queue/v1/queue.proto

import type { Long } from '@grpc/proto-loader';

export interface JobCounts {
  'waiting'?: (number | string | Long);
  'active'?: (number | string | Long);
  'delayed'?: (number | string | Long);
  'prioritized'?: (number | string | Long);
  'waitingChildren'?: (number | string | Long);
  'completed'?: (number | string | Long);
  'failed'?: (number | string | Long);
}

export interface JobCounts__Output {
  'waiting': (number);
  'active': (number);
  'delayed': (number);
  'prioritized': (number);
  'waitingChildren': (number);
  'completed': (number);
  'failed': (number);
}
