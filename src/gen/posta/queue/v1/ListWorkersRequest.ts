// Original file: proto/posta/queue/v1/worker.proto


export interface ListWorkersRequest {
  'queue'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListWorkersRequest__Output {
  'queue': (string);
  'pageSize': (number);
  'pageToken': (string);
}
