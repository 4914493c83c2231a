// Original file: proto/posta/analytics/v1/series.proto


export interface Series {
  'name'?: (string);
  'dimension'?: (string);
  'value'?: (string);
}

export interface Series__Output {
  'name': (string);
  'dimension': (string);
  'value': (string);
}
