// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { Outcome as _posta_analytics_v1_Outcome, Outcome__Output as _posta_analytics_v1_Outcome__Output } from '../../../posta/analytics/v1/Outcome.js';
import type { Status as _google_rpc_Status, Status__Output as _google_rpc_Status__Output } from '../../../google/rpc/Status.js';

export interface TrackResult {
  'outcome'?: (_posta_analytics_v1_Outcome);
  'error'?: (_google_rpc_Status | null);
}

export interface TrackResult__Output {
  'outcome': (_posta_analytics_v1_Outcome__Output);
  'error': (_google_rpc_Status__Output | null);
}
