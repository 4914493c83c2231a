// Original file: proto/posta/queue/v1/work_session.proto

import type { WorkCredit as _posta_queue_v1_WorkCredit, WorkCredit__Output as _posta_queue_v1_WorkCredit__Output } from '../../../posta/queue/v1/WorkCredit.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';
import type { WorkLease as _posta_queue_v1_WorkLease, WorkLease__Output as _posta_queue_v1_WorkLease__Output } from '../../../posta/queue/v1/WorkLease.js';

export interface WorkHello {
  'worker'?: (string);
  'credits'?: (_posta_queue_v1_WorkCredit)[];
  'lease'?: (_google_protobuf_Duration | null);
  'resume'?: (_posta_queue_v1_WorkLease)[];
  'version'?: (string);
}

export interface WorkHello__Output {
  'worker': (string);
  'credits': (_posta_queue_v1_WorkCredit__Output)[];
  'lease': (_google_protobuf_Duration__Output | null);
  'resume': (_posta_queue_v1_WorkLease__Output)[];
  'version': (string);
}
