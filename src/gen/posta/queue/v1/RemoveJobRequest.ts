// Original file: proto/posta/queue/v1/queue_service.proto


export interface RemoveJobRequest {
  'queue'?: (string);
  'jobId'?: (string);
}

export interface RemoveJobRequest__Output {
  'queue': (string);
  'jobId': (string);
}
