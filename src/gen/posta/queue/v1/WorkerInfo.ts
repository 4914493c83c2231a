// Original file: proto/posta/queue/v1/worker.proto

import type { WorkerQueue as _posta_queue_v1_WorkerQueue, WorkerQueue__Output as _posta_queue_v1_WorkerQueue__Output } from '../../../posta/queue/v1/WorkerQueue.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';

export interface WorkerInfo {
  'worker'?: (string);
  'version'?: (string);
  'inSession'?: (boolean);
  'queues'?: (_posta_queue_v1_WorkerQueue)[];
  'startTime'?: (_google_protobuf_Timestamp | null);
  'seenTime'?: (_google_protobuf_Timestamp | null);
  'draining'?: (boolean);
}

export interface WorkerInfo__Output {
  'worker': (string);
  'version': (string);
  'inSession': (boolean);
  'queues': (_posta_queue_v1_WorkerQueue__Output)[];
  'startTime': (_google_protobuf_Timestamp__Output | null);
  'seenTime': (_google_protobuf_Timestamp__Output | null);
  'draining': (boolean);
}
