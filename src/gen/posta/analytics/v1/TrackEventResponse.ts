// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { Outcome as _posta_analytics_v1_Outcome, Outcome__Output as _posta_analytics_v1_Outcome__Output } from '../../../posta/analytics/v1/Outcome.js';

export interface TrackEventResponse {
  'outcome'?: (_posta_analytics_v1_Outcome);
}

export interface TrackEventResponse__Output {
  'outcome': (_posta_analytics_v1_Outcome__Output);
}
