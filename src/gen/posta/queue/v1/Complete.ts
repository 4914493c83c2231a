// Original file: proto/posta/queue/v1/report.proto


export interface Complete {
  'returnValueJson'?: (string);
}

export interface Complete__Output {
  'returnValueJson': (string);
}
