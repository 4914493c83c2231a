// Original file: proto/posta/queue/v1/worker_service.proto


export interface Complete {
  'returnValueJson'?: (string);
}

export interface Complete__Output {
  'returnValueJson': (string);
}
