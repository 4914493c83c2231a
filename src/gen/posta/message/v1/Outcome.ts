// Original file: proto/posta/message/v1/message.proto

export const Outcome = {
  OUTCOME_UNSPECIFIED: 'OUTCOME_UNSPECIFIED',
  OUTCOME_STORED: 'OUTCOME_STORED',
  OUTCOME_DUPLICATE: 'OUTCOME_DUPLICATE',
} as const;

export type Outcome =
  | 'OUTCOME_UNSPECIFIED'
  | 0
  | 'OUTCOME_STORED'
  | 1
  | 'OUTCOME_DUPLICATE'
  | 2

export type Outcome__Output = typeof Outcome[keyof typeof Outcome]
