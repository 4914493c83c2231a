// Original file: proto/posta/queue/v1/worker.proto


export interface DrainWorkerRequest {
  'worker'?: (string);
}

export interface DrainWorkerRequest__Output {
  'worker': (string);
}
