// Original file: proto/posta/queue/v1/queue_service.proto


export interface PromoteJobRequest {
  'queue'?: (string);
  'jobId'?: (string);
}

export interface PromoteJobRequest__Output {
  'queue': (string);
  'jobId': (string);
}
