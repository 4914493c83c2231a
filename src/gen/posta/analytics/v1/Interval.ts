// Original file: proto/posta/analytics/v1/series.proto

export const Interval = {
  INTERVAL_UNSPECIFIED: 'INTERVAL_UNSPECIFIED',
  INTERVAL_MINUTE: 'INTERVAL_MINUTE',
  INTERVAL_HOUR: 'INTERVAL_HOUR',
  INTERVAL_DAY: 'INTERVAL_DAY',
} as const;

export type Interval =
  | 'INTERVAL_UNSPECIFIED'
  | 0
  | 'INTERVAL_MINUTE'
  | 1
  | 'INTERVAL_HOUR'
  | 2
  | 'INTERVAL_DAY'
  | 3

export type Interval__Output = typeof Interval[keyof typeof Interval]
