// Original file: proto/posta/message/v1/message.proto

export const DeliveryPolicy = {
  DELIVERY_POLICY_UNSPECIFIED: 'DELIVERY_POLICY_UNSPECIFIED',
  DELIVERY_POLICY_AT_MOST_ONCE: 'DELIVERY_POLICY_AT_MOST_ONCE',
  DELIVERY_POLICY_AT_LEAST_ONCE: 'DELIVERY_POLICY_AT_LEAST_ONCE',
} as const;

export type DeliveryPolicy =
  | 'DELIVERY_POLICY_UNSPECIFIED'
  | 0
  | 'DELIVERY_POLICY_AT_MOST_ONCE'
  | 1
  | 'DELIVERY_POLICY_AT_LEAST_ONCE'
  | 2

export type DeliveryPolicy__Output = typeof DeliveryPolicy[keyof typeof DeliveryPolicy]
