// Original file: proto/posta/message/v1/content.proto


export interface ListRow {
  'id'?: (string);
  'title'?: (string);
  'description'?: (string);
}

export interface ListRow__Output {
  'id': (string);
  'title': (string);
  'description': (string);
}
