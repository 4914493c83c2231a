// Original file: proto/posta/queue/v1/queue_service.proto


export interface CleanQueueResponse {
  'removed'?: (number);
}

export interface CleanQueueResponse__Output {
  'removed': (number);
}
