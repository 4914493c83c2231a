// Original file: proto/posta/message/v1/message_service.proto


export interface CancelMessageRequest {
  'messageId'?: (string);
}

export interface CancelMessageRequest__Output {
  'messageId': (string);
}
