// Original file: proto/posta/queue/v1/report.proto

import type { Complete as _posta_queue_v1_Complete, Complete__Output as _posta_queue_v1_Complete__Output } from '../../../posta/queue/v1/Complete.js';
import type { Fail as _posta_queue_v1_Fail, Fail__Output as _posta_queue_v1_Fail__Output } from '../../../posta/queue/v1/Fail.js';
import type { Release as _posta_queue_v1_Release, Release__Output as _posta_queue_v1_Release__Output } from '../../../posta/queue/v1/Release.js';
import type { Postpone as _posta_queue_v1_Postpone, Postpone__Output as _posta_queue_v1_Postpone__Output } from '../../../posta/queue/v1/Postpone.js';
import type { RateLimited as _posta_queue_v1_RateLimited, RateLimited__Output as _posta_queue_v1_RateLimited__Output } from '../../../posta/queue/v1/RateLimited.js';
import type { Cancelled as _posta_queue_v1_Cancelled, Cancelled__Output as _posta_queue_v1_Cancelled__Output } from '../../../posta/queue/v1/Cancelled.js';

export interface OutcomeReport {
  'jobId'?: (string);
  'leaseToken'?: (string);
  'complete'?: (_posta_queue_v1_Complete | null);
  'fail'?: (_posta_queue_v1_Fail | null);
  'release'?: (_posta_queue_v1_Release | null);
  'postpone'?: (_posta_queue_v1_Postpone | null);
  'rateLimited'?: (_posta_queue_v1_RateLimited | null);
  'cancelled'?: (_posta_queue_v1_Cancelled | null);
  'outcome'?: "complete"|"fail"|"release"|"postpone"|"rateLimited"|"cancelled";
}

export interface OutcomeReport__Output {
  'jobId': (string);
  'leaseToken': (string);
  'complete'?: (_posta_queue_v1_Complete__Output | null);
  'fail'?: (_posta_queue_v1_Fail__Output | null);
  'release'?: (_posta_queue_v1_Release__Output | null);
  'postpone'?: (_posta_queue_v1_Postpone__Output | null);
  'rateLimited'?: (_posta_queue_v1_RateLimited__Output | null);
  'cancelled'?: (_posta_queue_v1_Cancelled__Output | null);
  'outcome'?: "complete"|"fail"|"release"|"postpone"|"rateLimited"|"cancelled";
}
