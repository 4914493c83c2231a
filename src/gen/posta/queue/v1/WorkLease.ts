// Original file: proto/posta/queue/v1/work_session.proto


export interface WorkLease {
  'queue'?: (string);
  'jobId'?: (string);
  'leaseToken'?: (string);
}

export interface WorkLease__Output {
  'queue': (string);
  'jobId': (string);
  'leaseToken': (string);
}
