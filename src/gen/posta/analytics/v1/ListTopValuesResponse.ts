// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { TopValue as _posta_analytics_v1_TopValue, TopValue__Output as _posta_analytics_v1_TopValue__Output } from '../../../posta/analytics/v1/TopValue.js';

export interface ListTopValuesResponse {
  'values'?: (_posta_analytics_v1_TopValue)[];
}

export interface ListTopValuesResponse__Output {
  'values': (_posta_analytics_v1_TopValue__Output)[];
}
