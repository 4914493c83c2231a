// Original file: proto/posta/queue/v1/queue_service.proto


export interface CleanQueueResponse {
  'removed'?: (number);
  'more'?: (boolean);
}

export interface CleanQueueResponse__Output {
  'removed': (number);
  'more': (boolean);
}
