// Original file: proto/posta/queue/v1/work_session.proto

import type { ReportResult as _posta_queue_v1_ReportResult, ReportResult__Output as _posta_queue_v1_ReportResult__Output } from '../../../posta/queue/v1/ReportResult.js';
import type { Long } from '@grpc/proto-loader';

export interface WorkAck {
  'reportId'?: (number | string | Long);
  'result'?: (_posta_queue_v1_ReportResult | null);
}

export interface WorkAck__Output {
  'reportId': (number);
  'result': (_posta_queue_v1_ReportResult__Output | null);
}
