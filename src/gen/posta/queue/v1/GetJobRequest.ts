// Original file: proto/posta/queue/v1/queue_service.proto


export interface GetJobRequest {
  'queue'?: (string);
  'jobId'?: (string);
}

export interface GetJobRequest__Output {
  'queue': (string);
  'jobId': (string);
}
