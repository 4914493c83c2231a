// Original file: proto/posta/queue/v1/queue.proto

import type { JobCounts as _posta_queue_v1_JobCounts, JobCounts__Output as _posta_queue_v1_JobCounts__Output } from '../../../posta/queue/v1/JobCounts.js';
import type { QueueLimits as _posta_queue_v1_QueueLimits, QueueLimits__Output as _posta_queue_v1_QueueLimits__Output } from '../../../posta/queue/v1/QueueLimits.js';
import type { QueueRates as _posta_queue_v1_QueueRates, QueueRates__Output as _posta_queue_v1_QueueRates__Output } from '../../../posta/queue/v1/QueueRates.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';
import type { Long } from '@grpc/proto-loader';

export interface Queue {
  'name'?: (string);
  'counts'?: (_posta_queue_v1_JobCounts | null);
  'paused'?: (boolean);
  'limits'?: (_posta_queue_v1_QueueLimits | null);
  'rates'?: (_posta_queue_v1_QueueRates | null);
  'oldestDueAge'?: (_google_protobuf_Duration | null);
  'addedTotal'?: (number | string | Long);
}

export interface Queue__Output {
  'name': (string);
  'counts': (_posta_queue_v1_JobCounts__Output | null);
  'paused': (boolean);
  'limits': (_posta_queue_v1_QueueLimits__Output | null);
  'rates': (_posta_queue_v1_QueueRates__Output | null);
  'oldestDueAge': (_google_protobuf_Duration__Output | null);
  'addedTotal': (number);
}
