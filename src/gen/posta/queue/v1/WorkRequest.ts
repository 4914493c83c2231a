// Original file: proto/posta/queue/v1/work_session.proto

import type { WorkHello as _posta_queue_v1_WorkHello, WorkHello__Output as _posta_queue_v1_WorkHello__Output } from '../../../posta/queue/v1/WorkHello.js';
import type { WorkCredit as _posta_queue_v1_WorkCredit, WorkCredit__Output as _posta_queue_v1_WorkCredit__Output } from '../../../posta/queue/v1/WorkCredit.js';
import type { WorkHeartbeat as _posta_queue_v1_WorkHeartbeat, WorkHeartbeat__Output as _posta_queue_v1_WorkHeartbeat__Output } from '../../../posta/queue/v1/WorkHeartbeat.js';
import type { WorkReports as _posta_queue_v1_WorkReports, WorkReports__Output as _posta_queue_v1_WorkReports__Output } from '../../../posta/queue/v1/WorkReports.js';
import type { WorkDrain as _posta_queue_v1_WorkDrain, WorkDrain__Output as _posta_queue_v1_WorkDrain__Output } from '../../../posta/queue/v1/WorkDrain.js';
import type { WorkUpdates as _posta_queue_v1_WorkUpdates, WorkUpdates__Output as _posta_queue_v1_WorkUpdates__Output } from '../../../posta/queue/v1/WorkUpdates.js';

export interface WorkRequest {
  'hello'?: (_posta_queue_v1_WorkHello | null);
  'credit'?: (_posta_queue_v1_WorkCredit | null);
  'heartbeat'?: (_posta_queue_v1_WorkHeartbeat | null);
  'reports'?: (_posta_queue_v1_WorkReports | null);
  'drain'?: (_posta_queue_v1_WorkDrain | null);
  'updates'?: (_posta_queue_v1_WorkUpdates | null);
  'message'?: "hello"|"credit"|"heartbeat"|"reports"|"drain"|"updates";
}

export interface WorkRequest__Output {
  'hello'?: (_posta_queue_v1_WorkHello__Output | null);
  'credit'?: (_posta_queue_v1_WorkCredit__Output | null);
  'heartbeat'?: (_posta_queue_v1_WorkHeartbeat__Output | null);
  'reports'?: (_posta_queue_v1_WorkReports__Output | null);
  'drain'?: (_posta_queue_v1_WorkDrain__Output | null);
  'updates'?: (_posta_queue_v1_WorkUpdates__Output | null);
  'message'?: "hello"|"credit"|"heartbeat"|"reports"|"drain"|"updates";
}
