// Original file: proto/posta/queue/v1/lease.proto

import type { LeaseName as _posta_queue_v1_LeaseName, LeaseName__Output as _posta_queue_v1_LeaseName__Output } from '../../../posta/queue/v1/LeaseName.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../../google/protobuf/Duration.js';

export interface ExtendLeasesRequest {
  'queue'?: (string);
  'leases'?: (_posta_queue_v1_LeaseName)[];
  'lease'?: (_google_protobuf_Duration | null);
}

export interface ExtendLeasesRequest__Output {
  'queue': (string);
  'leases': (_posta_queue_v1_LeaseName__Output)[];
  'lease': (_google_protobuf_Duration__Output | null);
}
