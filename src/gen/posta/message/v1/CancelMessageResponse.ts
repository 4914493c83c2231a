// Original file: proto/posta/message/v1/message_service.proto


export interface CancelMessageResponse {
}

export interface CancelMessageResponse__Output {
}
