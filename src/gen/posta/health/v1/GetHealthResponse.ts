// Original file: proto/posta/health/v1/health_service.proto

import type { HealthStatus as _posta_health_v1_HealthStatus, HealthStatus__Output as _posta_health_v1_HealthStatus__Output } from '../../../posta/health/v1/HealthStatus.js';
import type { HealthCheck as _posta_health_v1_HealthCheck, HealthCheck__Output as _posta_health_v1_HealthCheck__Output } from '../../../posta/health/v1/HealthCheck.js';

export interface GetHealthResponse {
  'status'?: (_posta_health_v1_HealthStatus);
  'checks'?: (_posta_health_v1_HealthCheck)[];
}

export interface GetHealthResponse__Output {
  'status': (_posta_health_v1_HealthStatus__Output);
  'checks': (_posta_health_v1_HealthCheck__Output)[];
}
