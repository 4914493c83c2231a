// Original file: proto/posta/queue/v1/lease.proto


export interface LeaseName {
  'jobId'?: (string);
  'leaseToken'?: (string);
}

export interface LeaseName__Output {
  'jobId': (string);
  'leaseToken': (string);
}
