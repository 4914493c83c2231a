// Original file: proto/posta/queue/v1/queue_service.proto


export interface ResumeQueueRequest {
  'queue'?: (string);
}

export interface ResumeQueueRequest__Output {
  'queue': (string);
}
