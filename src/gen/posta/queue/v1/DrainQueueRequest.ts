// Original file: proto/posta/queue/v1/queue_service.proto


export interface DrainQueueRequest {
  'queue'?: (string);
  'includeDelayed'?: (boolean);
}

export interface DrainQueueRequest__Output {
  'queue': (string);
  'includeDelayed': (boolean);
}
