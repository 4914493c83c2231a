// Original file: proto/posta/message/v1/message.proto

export const DeadLetterKind = {
  DEAD_LETTER_KIND_UNSPECIFIED: 'DEAD_LETTER_KIND_UNSPECIFIED',
  DEAD_LETTER_KIND_MESSAGE: 'DEAD_LETTER_KIND_MESSAGE',
  DEAD_LETTER_KIND_JOB: 'DEAD_LETTER_KIND_JOB',
} as const;

export type DeadLetterKind =
  | 'DEAD_LETTER_KIND_UNSPECIFIED'
  | 0
  | 'DEAD_LETTER_KIND_MESSAGE'
  | 1
  | 'DEAD_LETTER_KIND_JOB'
  | 2

export type DeadLetterKind__Output = typeof DeadLetterKind[keyof typeof DeadLetterKind]
