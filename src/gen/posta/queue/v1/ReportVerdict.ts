// Original file: proto/posta/queue/v1/report.proto

export const ReportVerdict = {
  REPORT_VERDICT_UNSPECIFIED: 'REPORT_VERDICT_UNSPECIFIED',
  REPORT_VERDICT_APPLIED: 'REPORT_VERDICT_APPLIED',
  REPORT_VERDICT_ALREADY_APPLIED: 'REPORT_VERDICT_ALREADY_APPLIED',
  REPORT_VERDICT_LEASE_LOST: 'REPORT_VERDICT_LEASE_LOST',
} as const;

export type ReportVerdict =
  | 'REPORT_VERDICT_UNSPECIFIED'
  | 0
  | 'REPORT_VERDICT_APPLIED'
  | 1
  | 'REPORT_VERDICT_ALREADY_APPLIED'
  | 2
  | 'REPORT_VERDICT_LEASE_LOST'
  | 3

export type ReportVerdict__Output = typeof ReportVerdict[keyof typeof ReportVerdict]
