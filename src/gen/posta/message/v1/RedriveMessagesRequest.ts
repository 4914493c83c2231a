// Original file: proto/posta/message/v1/message_service.proto


export interface RedriveMessagesRequest {
  'deadLetterIds'?: (string)[];
}

export interface RedriveMessagesRequest__Output {
  'deadLetterIds': (string)[];
}
