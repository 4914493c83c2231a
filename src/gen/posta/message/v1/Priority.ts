// Original file: proto/posta/message/v1/message.proto

export const Priority = {
  PRIORITY_UNSPECIFIED: 'PRIORITY_UNSPECIFIED',
  PRIORITY_CRITICAL: 'PRIORITY_CRITICAL',
  PRIORITY_NORMAL: 'PRIORITY_NORMAL',
  PRIORITY_LOW: 'PRIORITY_LOW',
} as const;

export type Priority =
  | 'PRIORITY_UNSPECIFIED'
  | 0
  | 'PRIORITY_CRITICAL'
  | 1
  | 'PRIORITY_NORMAL'
  | 5
  | 'PRIORITY_LOW'
  | 10

export type Priority__Output = typeof Priority[keyof typeof Priority]
