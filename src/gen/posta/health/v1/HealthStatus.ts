// Original file: proto/posta/health/v1/health_service.proto

export const HealthStatus = {
  HEALTH_STATUS_UNSPECIFIED: 'HEALTH_STATUS_UNSPECIFIED',
  HEALTH_STATUS_OK: 'HEALTH_STATUS_OK',
  HEALTH_STATUS_DEGRADED: 'HEALTH_STATUS_DEGRADED',
  HEALTH_STATUS_DOWN: 'HEALTH_STATUS_DOWN',
} as const;

export type HealthStatus =
  | 'HEALTH_STATUS_UNSPECIFIED'
  | 0
  | 'HEALTH_STATUS_OK'
  | 1
  | 'HEALTH_STATUS_DEGRADED'
  | 2
  | 'HEALTH_STATUS_DOWN'
  | 3

export type HealthStatus__Output = typeof HealthStatus[keyof typeof HealthStatus]
