// Original file: proto/posta/queue/v1/report.proto

import type { ReportVerdict as _posta_queue_v1_ReportVerdict, ReportVerdict__Output as _posta_queue_v1_ReportVerdict__Output } from '../../../posta/queue/v1/ReportVerdict.js';
import type { Status as _google_rpc_Status, Status__Output as _google_rpc_Status__Output } from '../../../google/rpc/Status.js';

export interface ReportResult {
  'jobId'?: (string);
  'verdict'?: (_posta_queue_v1_ReportVerdict);
  'error'?: (_google_rpc_Status | null);
}

export interface ReportResult__Output {
  'jobId': (string);
  'verdict': (_posta_queue_v1_ReportVerdict__Output);
  'error': (_google_rpc_Status__Output | null);
}
