// Original file: proto/posta/analytics/v1/event.proto

export const Outcome = {
  OUTCOME_UNSPECIFIED: 'OUTCOME_UNSPECIFIED',
  OUTCOME_STORED: 'OUTCOME_STORED',
  OUTCOME_DUPLICATE: 'OUTCOME_DUPLICATE',
  OUTCOME_ACCEPTED: 'OUTCOME_ACCEPTED',
} as const;

export type Outcome =
  | 'OUTCOME_UNSPECIFIED'
  | 0
  | 'OUTCOME_STORED'
  | 1
  | 'OUTCOME_DUPLICATE'
  | 2
  | 'OUTCOME_ACCEPTED'
  | 3

export type Outcome__Output = typeof Outcome[keyof typeof Outcome]
