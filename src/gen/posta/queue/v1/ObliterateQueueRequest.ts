// Original file: proto/posta/queue/v1/queue_service.proto


export interface ObliterateQueueRequest {
  'queue'?: (string);
  'force'?: (boolean);
}

export interface ObliterateQueueRequest__Output {
  'queue': (string);
  'force': (boolean);
}
