// Original file: proto/posta/queue/v1/report.proto


export interface Cancelled {
  'message'?: (string);
}

export interface Cancelled__Output {
  'message': (string);
}
