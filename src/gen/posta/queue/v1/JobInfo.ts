// Original file: proto/posta/queue/v1/job.proto

import type { JobState as _posta_queue_v1_JobState, JobState__Output as _posta_queue_v1_JobState__Output } from '../../../posta/queue/v1/JobState.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';

export interface JobInfo {
  'id'?: (string);
  'name'?: (string);
  'state'?: (_posta_queue_v1_JobState);
  'dataJson'?: (string);
  'optionsJson'?: (string);
  'priority'?: (number);
  'delay'?: (_google_protobuf_Duration | null);
  'attemptsMade'?: (number);
  'attemptsStarted'?: (number);
  'progressJson'?: (string);
  'returnValueJson'?: (string);
  'failedReason'?: (string);
  'stacktrace'?: (string)[];
  'createTime'?: (_google_protobuf_Timestamp | null);
  'processTime'?: (_google_protobuf_Timestamp | null);
  'finishTime'?: (_google_protobuf_Timestamp | null);
  'dueTime'?: (_google_protobuf_Timestamp | null);
  'deduplicationId'?: (string);
  'workerName'?: (string);
  'cutFields'?: (string)[];
}

export interface JobInfo__Output {
  'id': (string);
  'name': (string);
  'state': (_posta_queue_v1_JobState__Output);
  'dataJson': (string);
  'optionsJson': (string);
  'priority': (number);
  'delay': (_google_protobuf_Duration__Output | null);
  'attemptsMade': (number);
  'attemptsStarted': (number);
  'progressJson': (string);
  'returnValueJson': (string);
  'failedReason': (string);
  'stacktrace': (string)[];
  'createTime': (_google_protobuf_Timestamp__Output | null);
  'processTime': (_google_protobuf_Timestamp__Output | null);
  'finishTime': (_google_protobuf_Timestamp__Output | null);
  'dueTime': (_google_protobuf_Timestamp__Output | null);
  'deduplicationId': (string);
  'workerName': (string);
  'cutFields': (string)[];
}
