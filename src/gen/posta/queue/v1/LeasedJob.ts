// Original file: proto/posta/queue/v1/lease.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';

export interface LeasedJob {
  'jobId'?: (string);
  'name'?: (string);
  'dataJson'?: (string);
  'leaseToken'?: (string);
  'attempt'?: (number);
  'attemptsFailed'?: (number);
  'maxAttempts'?: (number);
  'lease'?: (_google_protobuf_Duration | null);
  'priority'?: (number);
  'createTime'?: (_google_protobuf_Timestamp | null);
  'progressJson'?: (string);
  'optionsJson'?: (string);
  'timesLost'?: (number);
  'requestId'?: (string);
}

export interface LeasedJob__Output {
  'jobId': (string);
  'name': (string);
  'dataJson': (string);
  'leaseToken': (string);
  'attempt': (number);
  'attemptsFailed': (number);
  'maxAttempts': (number);
  'lease': (_google_protobuf_Duration__Output | null);
  'priority': (number);
  'createTime': (_google_protobuf_Timestamp__Output | null);
  'progressJson': (string);
  'optionsJson': (string);
  'timesLost': (number);
  'requestId': (string);
}
