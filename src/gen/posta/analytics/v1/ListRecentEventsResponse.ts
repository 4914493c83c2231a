// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { Event as _posta_analytics_v1_Event, Event__Output as _posta_analytics_v1_Event__Output } from '../../../posta/analytics/v1/Event.js';

export interface ListRecentEventsResponse {
  'events'?: (_posta_analytics_v1_Event)[];
  'nextPageToken'?: (string);
}

export interface ListRecentEventsResponse__Output {
  'events': (_posta_analytics_v1_Event__Output)[];
  'nextPageToken': (string);
}
