// Original file: proto/posta/health/v1/health_service.proto

import type { HealthStatus as _posta_health_v1_HealthStatus, HealthStatus__Output as _posta_health_v1_HealthStatus__Output } from '../../../posta/health/v1/HealthStatus.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';

export interface HealthCheck {
  'name'?: (string);
  'status'?: (_posta_health_v1_HealthStatus);
  'latency'?: (_google_protobuf_Duration | null);
  'since'?: (_google_protobuf_Timestamp | null);
  'detail'?: (string);
}

export interface HealthCheck__Output {
  'name': (string);
  'status': (_posta_health_v1_HealthStatus__Output);
  'latency': (_google_protobuf_Duration__Output | null);
  'since': (_google_protobuf_Timestamp__Output | null);
  'detail': (string);
}
