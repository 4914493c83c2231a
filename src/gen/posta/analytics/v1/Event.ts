// Original file: proto/posta/analytics/v1/event.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';

export interface Event {
  'name'?: (string);
  'time'?: (_google_protobuf_Timestamp | null);
  'id'?: (string);
  'subject'?: (string);
  'value'?: (number | string);
  'dimensions'?: ({[key: string]: string});
  '_value'?: "value";
}

export interface Event__Output {
  'name': (string);
  'time': (_google_protobuf_Timestamp__Output | null);
  'id': (string);
  'subject': (string);
  'value'?: (number);
  'dimensions': ({[key: string]: string});
  '_value'?: "value";
}
