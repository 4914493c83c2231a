// Original file: proto/posta/queue/v1/worker.proto

import type { WorkerInfo as _posta_queue_v1_WorkerInfo, WorkerInfo__Output as _posta_queue_v1_WorkerInfo__Output } from '../../../posta/queue/v1/WorkerInfo.js';

export interface ListWorkersResponse {
  'workers'?: (_posta_queue_v1_WorkerInfo)[];
  'nextPageToken'?: (string);
}

export interface ListWorkersResponse__Output {
  'workers': (_posta_queue_v1_WorkerInfo__Output)[];
  'nextPageToken': (string);
}
