// Original file: proto/posta/queue/v1/lease.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';

export interface LeaseJobsRequest {
  'queue'?: (string);
  'worker'?: (string);
  'maxJobs'?: (number);
  'maxBytes'?: (number);
  'lease'?: (_google_protobuf_Duration | null);
  'wait'?: (_google_protobuf_Duration | null);
  'requestId'?: (string);
  '_maxJobs'?: "maxJobs";
  '_maxBytes'?: "maxBytes";
}

export interface LeaseJobsRequest__Output {
  'queue': (string);
  'worker': (string);
  'maxJobs'?: (number);
  'maxBytes'?: (number);
  'lease': (_google_protobuf_Duration__Output | null);
  'wait': (_google_protobuf_Duration__Output | null);
  'requestId': (string);
  '_maxJobs'?: "maxJobs";
  '_maxBytes'?: "maxBytes";
}
