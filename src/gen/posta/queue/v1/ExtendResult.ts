// Original file: proto/posta/queue/v1/worker_service.proto


export interface ExtendResult {
  'jobId'?: (string);
  'held'?: (boolean);
}

export interface ExtendResult__Output {
  'jobId': (string);
  'held': (boolean);
}
