// Original file: proto/posta/queue/v1/report.proto


export interface JobUpdate {
  'jobId'?: (string);
  'leaseToken'?: (string);
  'progressJson'?: (string);
  'log'?: (string);
  'dataJson'?: (string);
  'update'?: "progressJson"|"log"|"dataJson";
}

export interface JobUpdate__Output {
  'jobId': (string);
  'leaseToken': (string);
  'progressJson'?: (string);
  'log'?: (string);
  'dataJson'?: (string);
  'update'?: "progressJson"|"log"|"dataJson";
}
