// Original file: proto/posta/queue/v1/job.proto

export const BackoffType = {
  BACKOFF_TYPE_UNSPECIFIED: 'BACKOFF_TYPE_UNSPECIFIED',
  BACKOFF_TYPE_FIXED: 'BACKOFF_TYPE_FIXED',
  BACKOFF_TYPE_EXPONENTIAL: 'BACKOFF_TYPE_EXPONENTIAL',
} as const;

export type BackoffType =
  | 'BACKOFF_TYPE_UNSPECIFIED'
  | 0
  | 'BACKOFF_TYPE_FIXED'
  | 1
  | 'BACKOFF_TYPE_EXPONENTIAL'
  | 2

export type BackoffType__Output = typeof BackoffType[keyof typeof BackoffType]
