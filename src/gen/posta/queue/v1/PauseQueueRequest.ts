// Original file: proto/posta/queue/v1/queue_service.proto


export interface PauseQueueRequest {
  'queue'?: (string);
}

export interface PauseQueueRequest__Output {
  'queue': (string);
}
