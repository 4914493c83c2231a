// Original file: proto/posta/queue/v1/queue_service.proto


export interface RetryJobRequest {
  'queue'?: (string);
  'jobId'?: (string);
}

export interface RetryJobRequest__Output {
  'queue': (string);
  'jobId': (string);
}
