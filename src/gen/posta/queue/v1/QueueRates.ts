// Original file: proto/posta/queue/v1/queue.proto


export interface QueueRates {
  'completedPerSecond'?: (number | string);
  'failedPerSecond'?: (number | string);
}

export interface QueueRates__Output {
  'completedPerSecond': (number);
  'failedPerSecond': (number);
}
