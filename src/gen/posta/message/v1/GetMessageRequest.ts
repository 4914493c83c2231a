// Original file: proto/posta/message/v1/message_service.proto


export interface GetMessageRequest {
  'messageId'?: (string);
}

export interface GetMessageRequest__Output {
  'messageId': (string);
}
