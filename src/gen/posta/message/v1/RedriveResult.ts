// Original file: proto/posta/message/v1/message_service.proto

import type { Status as _google_rpc_Status, Status__Output as _google_rpc_Status__Output } from '../../../google/rpc/Status.js';

export interface RedriveResult {
  'error'?: (_google_rpc_Status | null);
}

export interface RedriveResult__Output {
  'error': (_google_rpc_Status__Output | null);
}
