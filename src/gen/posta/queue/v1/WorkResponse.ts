// Original file: proto/posta/queue/v1/work_session.proto

import type { WorkWelcome as _posta_queue_v1_WorkWelcome, WorkWelcome__Output as _posta_queue_v1_WorkWelcome__Output } from '../../../posta/queue/v1/WorkWelcome.js';
import type { WorkAssign as _posta_queue_v1_WorkAssign, WorkAssign__Output as _posta_queue_v1_WorkAssign__Output } from '../../../posta/queue/v1/WorkAssign.js';
import type { WorkAcks as _posta_queue_v1_WorkAcks, WorkAcks__Output as _posta_queue_v1_WorkAcks__Output } from '../../../posta/queue/v1/WorkAcks.js';
import type { WorkLost as _posta_queue_v1_WorkLost, WorkLost__Output as _posta_queue_v1_WorkLost__Output } from '../../../posta/queue/v1/WorkLost.js';
import type { WorkPong as _posta_queue_v1_WorkPong, WorkPong__Output as _posta_queue_v1_WorkPong__Output } from '../../../posta/queue/v1/WorkPong.js';
import type { WorkDrained as _posta_queue_v1_WorkDrained, WorkDrained__Output as _posta_queue_v1_WorkDrained__Output } from '../../../posta/queue/v1/WorkDrained.js';
import type { WorkLeave as _posta_queue_v1_WorkLeave, WorkLeave__Output as _posta_queue_v1_WorkLeave__Output } from '../../../posta/queue/v1/WorkLeave.js';
import type { WorkCancel as _posta_queue_v1_WorkCancel, WorkCancel__Output as _posta_queue_v1_WorkCancel__Output } from '../../../posta/queue/v1/WorkCancel.js';
import type { WorkDrainOrder as _posta_queue_v1_WorkDrainOrder, WorkDrainOrder__Output as _posta_queue_v1_WorkDrainOrder__Output } from '../../../posta/queue/v1/WorkDrainOrder.js';

export interface WorkResponse {
  'welcome'?: (_posta_queue_v1_WorkWelcome | null);
  'assign'?: (_posta_queue_v1_WorkAssign | null);
  'acks'?: (_posta_queue_v1_WorkAcks | null);
  'lost'?: (_posta_queue_v1_WorkLost | null);
  'pong'?: (_posta_queue_v1_WorkPong | null);
  'drained'?: (_posta_queue_v1_WorkDrained | null);
  'leave'?: (_posta_queue_v1_WorkLeave | null);
  'cancel'?: (_posta_queue_v1_WorkCancel | null);
  'drainOrder'?: (_posta_queue_v1_WorkDrainOrder | null);
  'message'?: "welcome"|"assign"|"acks"|"lost"|"pong"|"drained"|"leave"|"cancel"|"drainOrder";
}

export interface WorkResponse__Output {
  'welcome'?: (_posta_queue_v1_WorkWelcome__Output | null);
  'assign'?: (_posta_queue_v1_WorkAssign__Output | null);
  'acks'?: (_posta_queue_v1_WorkAcks__Output | null);
  'lost'?: (_posta_queue_v1_WorkLost__Output | null);
  'pong'?: (_posta_queue_v1_WorkPong__Output | null);
  'drained'?: (_posta_queue_v1_WorkDrained__Output | null);
  'leave'?: (_posta_queue_v1_WorkLeave__Output | null);
  'cancel'?: (_posta_queue_v1_WorkCancel__Output | null);
  'drainOrder'?: (_posta_queue_v1_WorkDrainOrder__Output | null);
  'message'?: "welcome"|"assign"|"acks"|"lost"|"pong"|"drained"|"leave"|"cancel"|"drainOrder";
}
