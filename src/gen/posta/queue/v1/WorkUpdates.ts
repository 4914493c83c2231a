// Original file: proto/posta/queue/v1/work_session.proto

import type { WorkUpdate as _posta_queue_v1_WorkUpdate, WorkUpdate__Output as _posta_queue_v1_WorkUpdate__Output } from '../../../posta/queue/v1/WorkUpdate.js';

export interface WorkUpdates {
  'updates'?: (_posta_queue_v1_WorkUpdate)[];
}

export interface WorkUpdates__Output {
  'updates': (_posta_queue_v1_WorkUpdate__Output)[];
}
