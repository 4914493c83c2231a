// Original file: proto/posta/queue/v1/queue_service.proto


export interface ListQueuesRequest {
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListQueuesRequest__Output {
  'pageSize': (number);
  'pageToken': (string);
}
