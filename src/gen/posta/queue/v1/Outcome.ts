// Original file: proto/posta/queue/v1/job.proto

export const Outcome = {
  OUTCOME_UNSPECIFIED: 'OUTCOME_UNSPECIFIED',
  OUTCOME_ADDED: 'OUTCOME_ADDED',
  OUTCOME_DUPLICATE: 'OUTCOME_DUPLICATE',
  OUTCOME_SPOOLED: 'OUTCOME_SPOOLED',
} as const;

export type Outcome =
  | 'OUTCOME_UNSPECIFIED'
  | 0
  | 'OUTCOME_ADDED'
  | 1
  | 'OUTCOME_DUPLICATE'
  | 2
  | 'OUTCOME_SPOOLED'
  | 3

export type Outcome__Output = typeof Outcome[keyof typeof Outcome]
