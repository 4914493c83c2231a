// Original file: proto/posta/message/v1/content.proto


export interface Text {
  'body'?: (string);
  'previewUrl'?: (boolean);
}

export interface Text__Output {
  'body': (string);
  'previewUrl': (boolean);
}
