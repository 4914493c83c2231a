// Original file: proto/posta/queue/v1/worker.proto


export interface WorkerQueue {
  'queue'?: (string);
  'maxInFlight'?: (number);
  'inFlight'?: (number);
}

export interface WorkerQueue__Output {
  'queue': (string);
  'maxInFlight': (number);
  'inFlight': (number);
}
