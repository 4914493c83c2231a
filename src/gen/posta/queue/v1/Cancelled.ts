// Original file: proto/posta/queue/v1/worker_service.proto


export interface Cancelled {
  'message'?: (string);
}

export interface Cancelled__Output {
  'message': (string);
}
