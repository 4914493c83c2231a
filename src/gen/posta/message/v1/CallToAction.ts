// Original file: proto/posta/message/v1/content.proto


export interface CallToAction {
  'displayText'?: (string);
  'url'?: (string);
}

export interface CallToAction__Output {
  'displayText': (string);
  'url': (string);
}
