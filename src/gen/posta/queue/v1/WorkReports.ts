// Original file: proto/posta/queue/v1/work_session.proto

import type { WorkReport as _posta_queue_v1_WorkReport, WorkReport__Output as _posta_queue_v1_WorkReport__Output } from '../../../posta/queue/v1/WorkReport.js';

export interface WorkReports {
  'reports'?: (_posta_queue_v1_WorkReport)[];
}

export interface WorkReports__Output {
  'reports': (_posta_queue_v1_WorkReport__Output)[];
}
