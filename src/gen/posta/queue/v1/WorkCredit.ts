// Original file: proto/posta/queue/v1/work_session.proto


export interface WorkCredit {
  'queue'?: (string);
  'maxInFlight'?: (number);
}

export interface WorkCredit__Output {
  'queue': (string);
  'maxInFlight': (number);
}
