// Original file: proto/posta/queue/v1/job.proto

import type { JobOptions as _posta_queue_v1_JobOptions, JobOptions__Output as _posta_queue_v1_JobOptions__Output } from '../../../posta/queue/v1/JobOptions.js';

export interface Job {
  'name'?: (string);
  'dataJson'?: (string);
  'options'?: (_posta_queue_v1_JobOptions | null);
}

export interface Job__Output {
  'name': (string);
  'dataJson': (string);
  'options': (_posta_queue_v1_JobOptions__Output | null);
}
