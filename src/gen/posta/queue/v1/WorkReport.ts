// Original file: proto/posta/queue/v1/work_session.proto

import type { OutcomeReport as _posta_queue_v1_OutcomeReport, OutcomeReport__Output as _posta_queue_v1_OutcomeReport__Output } from '../../../posta/queue/v1/OutcomeReport.js';
import type { Long } from '@grpc/proto-loader';

export interface WorkReport {
  'reportId'?: (number | string | Long);
  'queue'?: (string);
  'report'?: (_posta_queue_v1_OutcomeReport | null);
}

export interface WorkReport__Output {
  'reportId': (number);
  'queue': (string);
  'report': (_posta_queue_v1_OutcomeReport__Output | null);
}
