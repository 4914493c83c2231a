// Original file: proto/posta/queue/v1/work_session.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';
import type { WorkLease as _posta_queue_v1_WorkLease, WorkLease__Output as _posta_queue_v1_WorkLease__Output } from '../../../posta/queue/v1/WorkLease.js';

export interface WorkWelcome {
  'heartbeatInterval'?: (_google_protobuf_Duration | null);
  'lost'?: (_posta_queue_v1_WorkLease)[];
}

export interface WorkWelcome__Output {
  'heartbeatInterval': (_google_protobuf_Duration__Output | null);
  'lost': (_posta_queue_v1_WorkLease__Output)[];
}
