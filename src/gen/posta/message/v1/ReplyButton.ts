// Original file: proto/posta/message/v1/content.proto


export interface ReplyButton {
  'id'?: (string);
  'title'?: (string);
}

export interface ReplyButton__Output {
  'id': (string);
  'title': (string);
}
