// Original file: proto/posta/queue/v1/report.proto

import type { OutcomeReport as _posta_queue_v1_OutcomeReport, OutcomeReport__Output as _posta_queue_v1_OutcomeReport__Output } from '../../../posta/queue/v1/OutcomeReport.js';

export interface ReportOutcomesRequest {
  'queue'?: (string);
  'reports'?: (_posta_queue_v1_OutcomeReport)[];
}

export interface ReportOutcomesRequest__Output {
  'queue': (string);
  'reports': (_posta_queue_v1_OutcomeReport__Output)[];
}
