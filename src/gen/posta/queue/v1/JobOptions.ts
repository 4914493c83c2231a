// Original file: proto/posta/queue/v1/job.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';
import type { Backoff as _posta_queue_v1_Backoff, Backoff__Output as _posta_queue_v1_Backoff__Output } from '../../../posta/queue/v1/Backoff.js';
import type { Retention as _posta_queue_v1_Retention, Retention__Output as _posta_queue_v1_Retention__Output } from '../../../posta/queue/v1/Retention.js';
import type { Deduplication as _posta_queue_v1_Deduplication, Deduplication__Output as _posta_queue_v1_Deduplication__Output } from '../../../posta/queue/v1/Deduplication.js';

export interface JobOptions {
  'id'?: (string);
  'priority'?: (number);
  'delay'?: (_google_protobuf_Duration | null);
  'attempts'?: (number);
  'backoff'?: (_posta_queue_v1_Backoff | null);
  'lifo'?: (boolean);
  'keepOnComplete'?: (_posta_queue_v1_Retention | null);
  'keepOnFail'?: (_posta_queue_v1_Retention | null);
  'deduplication'?: (_posta_queue_v1_Deduplication | null);
  'durable'?: (boolean);
  '_priority'?: "priority";
  '_attempts'?: "attempts";
}

export interface JobOptions__Output {
  'id': (string);
  'priority'?: (number);
  'delay': (_google_protobuf_Duration__Output | null);
  'attempts'?: (number);
  'backoff': (_posta_queue_v1_Backoff__Output | null);
  'lifo': (boolean);
  'keepOnComplete': (_posta_queue_v1_Retention__Output | null);
  'keepOnFail': (_posta_queue_v1_Retention__Output | null);
  'deduplication': (_posta_queue_v1_Deduplication__Output | null);
  'durable': (boolean);
  '_priority'?: "priority";
  '_attempts'?: "attempts";
}
