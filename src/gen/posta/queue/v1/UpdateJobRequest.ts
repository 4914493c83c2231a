// Original file: proto/posta/queue/v1/queue_service.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';

export interface UpdateJobRequest {
  'queue'?: (string);
  'jobId'?: (string);
  'dataJson'?: (string);
  'priority'?: (number);
  'delay'?: (_google_protobuf_Duration | null);
  'change'?: "dataJson"|"priority"|"delay";
}

export interface UpdateJobRequest__Output {
  'queue': (string);
  'jobId': (string);
  'dataJson'?: (string);
  'priority'?: (number);
  'delay'?: (_google_protobuf_Duration__Output | null);
  'change'?: "dataJson"|"priority"|"delay";
}
