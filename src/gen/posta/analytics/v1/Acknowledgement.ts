// Original file: proto/posta/analytics/v1/event.proto

export const Acknowledgement = {
  ACKNOWLEDGEMENT_UNSPECIFIED: 'ACKNOWLEDGEMENT_UNSPECIFIED',
  ACKNOWLEDGEMENT_STORED: 'ACKNOWLEDGEMENT_STORED',
  ACKNOWLEDGEMENT_ACCEPTED: 'ACKNOWLEDGEMENT_ACCEPTED',
} as const;

export type Acknowledgement =
  | 'ACKNOWLEDGEMENT_UNSPECIFIED'
  | 0
  | 'ACKNOWLEDGEMENT_STORED'
  | 1
  | 'ACKNOWLEDGEMENT_ACCEPTED'
  | 2

export type Acknowledgement__Output = typeof Acknowledgement[keyof typeof Acknowledgement]
