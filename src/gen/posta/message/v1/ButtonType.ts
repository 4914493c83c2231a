// Original file: proto/posta/message/v1/content.proto

export const ButtonType = {
  BUTTON_TYPE_UNSPECIFIED: 'BUTTON_TYPE_UNSPECIFIED',
  BUTTON_TYPE_QUICK_REPLY: 'BUTTON_TYPE_QUICK_REPLY',
  BUTTON_TYPE_URL: 'BUTTON_TYPE_URL',
  BUTTON_TYPE_COPY_CODE: 'BUTTON_TYPE_COPY_CODE',
} as const;

export type ButtonType =
  | 'BUTTON_TYPE_UNSPECIFIED'
  | 0
  | 'BUTTON_TYPE_QUICK_REPLY'
  | 1
  | 'BUTTON_TYPE_URL'
  | 2
  | 'BUTTON_TYPE_COPY_CODE'
  | 3

export type ButtonType__Output = typeof ButtonType[keyof typeof ButtonType]
