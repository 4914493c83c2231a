// Original file: proto/posta/analytics/v1/analytics_service.proto


export interface ListRecentEventsRequest {
  'name'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListRecentEventsRequest__Output {
  'name': (string);
  'pageSize': (number);
  'pageToken': (string);
}
