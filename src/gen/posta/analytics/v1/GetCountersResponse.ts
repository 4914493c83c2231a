// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { Counter as _posta_analytics_v1_Counter, Counter__Output as _posta_analytics_v1_Counter__Output } from '../../../posta/analytics/v1/Counter.js';

export interface GetCountersResponse {
  'counters'?: (_posta_analytics_v1_Counter)[];
}

export interface GetCountersResponse__Output {
  'counters': (_posta_analytics_v1_Counter__Output)[];
}
