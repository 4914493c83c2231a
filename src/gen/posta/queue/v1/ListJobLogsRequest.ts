// Original file: proto/posta/queue/v1/queue_service.proto


export interface ListJobLogsRequest {
  'queue'?: (string);
  'jobId'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListJobLogsRequest__Output {
  'queue': (string);
  'jobId': (string);
  'pageSize': (number);
  'pageToken': (string);
}
