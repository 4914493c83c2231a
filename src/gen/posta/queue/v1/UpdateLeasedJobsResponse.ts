// Original file: proto/posta/queue/v1/report.proto

import type { ReportResult as _posta_queue_v1_ReportResult, ReportResult__Output as _posta_queue_v1_ReportResult__Output } from '../../../posta/queue/v1/ReportResult.js';

export interface UpdateLeasedJobsResponse {
  'results'?: (_posta_queue_v1_ReportResult)[];
}

export interface UpdateLeasedJobsResponse__Output {
  'results': (_posta_queue_v1_ReportResult__Output)[];
}
