// Original file: proto/posta/queue/v1/queue_service.proto


export interface ObliterateQueueResponse {
}

export interface ObliterateQueueResponse__Output {
}
