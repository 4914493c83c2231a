// Original file: proto/posta/queue/v1/queue_service.proto


export interface PauseQueueResponse {
}

export interface PauseQueueResponse__Output {
}
