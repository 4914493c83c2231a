// Original file: proto/posta/analytics/v1/analytics_service.proto

import type { StreamAck as _posta_analytics_v1_StreamAck, StreamAck__Output as _posta_analytics_v1_StreamAck__Output } from '../../../posta/analytics/v1/StreamAck.js';

export interface StreamEventsResponse {
  'acks'?: (_posta_analytics_v1_StreamAck)[];
}

export interface StreamEventsResponse__Output {
  'acks': (_posta_analytics_v1_StreamAck__Output)[];
}
