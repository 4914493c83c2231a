// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { Event as _posta_analytics_v1_Event, Event__Output as _posta_analytics_v1_Event__Output } from '../../../posta/analytics/v1/Event.js';
import type { Acknowledgement as _posta_analytics_v1_Acknowledgement, Acknowledgement__Output as _posta_analytics_v1_Acknowledgement__Output } from '../../../posta/analytics/v1/Acknowledgement.js';

export interface TrackEventRequest {
  'event'?: (_posta_analytics_v1_Event | null);
  'acknowledgement'?: (_posta_analytics_v1_Acknowledgement);
}

export interface TrackEventRequest__Output {
  'event': (_posta_analytics_v1_Event__Output | null);
  'acknowledgement': (_posta_analytics_v1_Acknowledgement__Output);
}
