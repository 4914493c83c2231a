// Original file: proto/posta/queue/v1/queue_service.proto

import type { Long } from '@grpc/proto-loader';

export interface ListJobLogsResponse {
  'lines'?: (string)[];
  'nextPageToken'?: (string);
  'total'?: (number | string | Long);
}

export interface ListJobLogsResponse__Output {
  'lines': (string)[];
  'nextPageToken': (string);
  'total': (number);
}
